// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>
#include <carousel/export.h>
#include <carousel/spec.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carousel {

/// The weights of one direction of one layer, row-major float32 in PyTorch's layout, where G is
/// `spec.gates()`, H `hidden_size`, I `input_size` and S `state_size()`. LSTM gates come in the
/// order i, f, g, o; GRU gates r, z, n. Arrays that a spec does not use are empty.
struct DirectionWeights {
  std::vector<float> weight_ih;  ///< [G*H, I]
  std::vector<float> weight_hh;  ///< [G*H, S]
  std::vector<float> bias_ih;    ///< [G*H]
  std::vector<float> bias_hh;    ///< [G*H]; empty for Cell::linear
  std::vector<float> weight_hr;  ///< [proj_size, H]
  std::vector<float> peephole;   ///< [3*H] in the order i, f, o
  /// The state of every row where a sequence starts (of a new stream, and after `Stream::reset`),
  /// if it was learned; empty: zeros.
  std::vector<float> initial_h{};  ///< [S]
  std::vector<float> initial_c{};  ///< [H]; LSTM only
};

struct ModelLayer {
  LayerSpec spec;
  std::array<DirectionWeights, 2> directions;  ///< [0] forward (or the only one), [1] reverse
};

/// A table of row vectors looked up by id, in front of the first layer.
struct Embedding {
  std::int64_t num_embeddings = 0;
  std::int64_t embedding_dim = 0;
  std::vector<float> weight;  ///< [num_embeddings, embedding_dim]
};

/// What is applied to the outputs of the last layer (or of the head), to each step of each row.
/// Softmax and its logarithm work over all outputs of a step.
enum class Tail : std::uint8_t { none, sigmoid, tanh, relu, softmax, log_softmax };

[[nodiscard]] CAROUSEL_API std::string_view name(Tail tail) noexcept;

/// Where the tensors of a model stand in a state dict. Kept so that a loaded model is saved under
/// the names it came with.
struct TensorNames {
  std::string prefix;     ///< before `weight_ih_l0`, e.g. "lstm."
  std::string embedding;  ///< the module before ".weight", e.g. "embedding"; empty: none
  std::string head;       ///< likewise, e.g. "fc"
};

/// Specs and float32 weights as loaded from a file or built by the caller. Immutable once it is
/// handed to `prepare`, which copies what it needs.
struct Model {
  std::optional<Embedding> embedding;
  std::vector<ModelLayer> layers;  ///< the recurrent stack, bottom up
  std::optional<ModelLayer> head;  ///< a Cell::linear layer on the outputs of the last one
  Tail tail = Tail::none;          ///< activation of the outputs
  /// safetensors `__metadata__` or ONNX `metadata_props`, kept verbatim.
  std::map<std::string, std::string> metadata;
  TensorNames names;
  std::string source;  ///< file name for messages; may be empty

  /// Features of x (or, with an embedding, of one id: 1).
  [[nodiscard]] CAROUSEL_API std::int64_t input_size() const;
  [[nodiscard]] CAROUSEL_API std::int64_t output_size() const;
  [[nodiscard]] CAROUSEL_API std::int64_t parameter_count() const;
  /// Floating point operations per step and batch row.
  [[nodiscard]] CAROUSEL_API double flops_per_row() const;
};

/// Checks every size of the model against its specs; throws Error naming layer, tensor, expected
/// and found shape.
CAROUSEL_API void validate(const Model& model);

struct LoadOptions {
  /// Prefix of the recurrent tensors, e.g. "encoder.lstm."; not given: detected, and an error when
  /// there is more than one candidate.
  std::optional<std::string> prefix = std::nullopt;
  /// Module names of the embedding and of the linear head; not given: found by name and shape;
  /// empty string: the model has none.
  std::optional<std::string> embedding = std::nullopt;
  std::optional<std::string> head = std::nullopt;
  /// Leave tensors alone that belong to none of the above instead of refusing the file.
  bool ignore_extra = false;
  /// ONNX: the first and the last node to take, by name or by the name of an output, where the
  /// graph does more than Carousel can; not given: from the graph's input, to its outputs.
  std::optional<std::string> from = std::nullopt;
  std::optional<std::string> to = std::nullopt;
};

/// Reads a safetensors file with PyTorch state_dict names (`weight_ih_l0`, `weight_hh_l0_reverse`,
/// `weight_hr_l1`, ...), stored as F32, F16, BF16 or F64.
/// https://github.com/huggingface/safetensors#format
/// LSTM, GRU and plain RNN are told apart by their shapes; the metadata key `carousel.activation`
/// ("tanh", the default, or "relu") says which plain RNN it is, and `carousel.layers` tells of
/// layers as PyTorch has none (see `save`).
///
/// A file whose name ends in .onnx is read as ONNX (operator set 7 or newer): LSTM, GRU and RNN
/// nodes one after another, from a graph input, with an optional embedding (Gather) before and an
/// optional linear layer (MatMul, Gemm, Add) and activation (Tail) after them, and what exporters
/// put between them to change the order of axes. Whatever order the file has, a network takes x
/// [steps, batch, input_size]; the metadata keys `onnx.input` and `onnx.output` tell the file's
/// own. Inputs for initial states are the stream's state, in the order of the layers; an input for
/// sequence lengths is the argument `lengths` of `Stream::run`. Where a graph ends with the last
/// step only, the network gives all steps. Throws Error for every violated rule of the format or of
/// the model, naming file and tensor, or for ONNX the operator and node, and what part of the graph
/// could be taken with `from` and `to`.
[[nodiscard]] CAROUSEL_API Model load(const std::filesystem::path& file,
                                      const LoadOptions& options = {});

/// The same from memory; `source` stands for the file name in messages, and its ending tells the
/// format. Nothing is kept of `bytes`.
[[nodiscard]] CAROUSEL_API Model load(std::span<const std::byte> bytes, std::string_view source,
                                      const LoadOptions& options = {});

/// Writes a safetensors file (float32, tensors in a fixed order, so equal models give equal bytes).
/// What names and shapes of a PyTorch state dict cannot tell (variants of cells, activations,
/// reverse-only layers, layers that differ) goes into the metadata key `carousel.layers`, so `load`
/// gives back an equal model. Written under a temporary name and renamed: a failure leaves no
/// partial file. Throws Error when the model is not valid, or the name ends in .onnx.
CAROUSEL_API void save(const Model& model, const std::filesystem::path& file);

struct SaveOnnxOptions {
  /// A graph input `lengths` (int32 [batch]): the sequence_lens of every layer.
  bool lengths = false;
  /// Graph inputs for initial states, `h0_l0` [directions, batch, state_size] (and `c0_l0`),
  /// `h0_l1`,
  /// ..., and outputs for final ones, `hn_l0`, ...: for streaming in pieces. Not for models whose
  /// initial states were learned.
  bool states = false;
};

/// Writes an ONNX file (operator set 13) that `load` reads back as an equal model: an input `x`
/// [steps, batch, input_size] (float32; with an embedding `ids` [steps, batch], int64) with the
/// first two sizes left open, an LSTM, GRU or RNN node for each layer, and an output `y` [steps,
/// batch, output_size]. Metadata becomes the file's properties. Written under a temporary name and
/// renamed. Throws Error naming what ONNX cannot express: a projection, a cell clip, an input gate
/// that follows from the forget gate, weights in less than float32; or more than 2 GiB. A build
/// without ONNX support throws Error saying so.
CAROUSEL_API void save_onnx(const Model& model, const std::filesystem::path& file,
                            const SaveOnnxOptions& options = {});

/// Names of tensors that hold NaN or infinite values, with how many; such weights are legal.
struct NonFiniteTensor {
  std::string name;
  std::int64_t count = 0;
};
[[nodiscard]] CAROUSEL_API std::vector<NonFiniteTensor> find_non_finite(const Model& model);

}  // namespace carousel
