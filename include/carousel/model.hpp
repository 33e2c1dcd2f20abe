// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>
#include <carousel/export.h>
#include <carousel/spec.hpp>
#include <carousel/tensor.hpp>

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

/// The weights of one layer by role (see `weight_roles`), row-major in PyTorch's layout; gates in
/// the order of the cell's traits. An optional weight that is absent has no entry.
using Weights = std::map<std::string, Tensor, std::less<>>;

/// The weight of that role; null where there is none.
[[nodiscard]] CAROUSEL_API const Tensor* find_weight(const Weights& weights, std::string_view role);

/// One layer of a model.
struct ModelLayer {
  LayerSpec spec;
  Weights weights{};
  /// Unique among the layers and inputs of a model. Empty: `layer_names` makes one up. In a
  /// PyTorch state dict it says where the tensors stand: "fc" for fc.weight, "lstm.l0" for
  /// lstm.weight_ih_l0.
  std::string name{};
  /// What it reads, by name: layers, inputs of the model, or final states of layers, written
  /// "lstm.l0:h", "lstm.l0:c_reverse". Empty: the layer before it; for the first layer the model's
  /// first input. A final state is a sequence of one step, [1, batch, size].
  std::vector<std::string> inputs{};
  /// Of a recurrent layer: which of its states ("h", "c_reverse") a run sets before it begins, and
  /// from what, named as in `inputs`: a sequence of one step, [1, batch, size]. A state without an
  /// entry goes on from the run before.
  std::map<std::string, std::string> initial_states{};
};

/// An axis of an array as a model's file has it.
struct FileAxis {
  enum class Of : std::uint8_t {
    steps,
    batch,
    steps_batch,  ///< one axis for both, the rows of a step side by side
    batch_steps,  ///< one axis for both, the steps of a row side by side
    features,     ///< some or all features of a frame; several such axes make up a frame in order
  };
  Of of = Of::features;
  std::int64_t size = 1;  ///< Of features.

  friend bool operator==(const FileAxis&, const FileAxis&) = default;
};

/// A sequence that a model is given. One that only leads to initial states, or is the lengths, may
/// be left out of a run; states then go on from the run before.
struct ModelInput {
  std::string name;
  std::int64_t size = 0;  ///< Features of a frame; 1 for ids.
  bool ids = false;       ///< Ids for an embedding instead of features.
  bool one_step = false;  ///< It has a single step, however many the other inputs have.
  /// How the file that the model is from orders the axes of this input: [steps, batch, size] where
  /// it is empty. Steps or batch may be missing, which then are 1.
  std::vector<FileAxis> axes{};

  friend bool operator==(const ModelInput&, const ModelInput&) = default;
};

/// A sequence that a model gives.
struct ModelOutput {
  std::string name;
  /// What it is: the name of a layer, of a final state ("lstm.l0:h"), or of an input.
  std::string layer;
  std::vector<FileAxis> axes{};  ///< As those of ModelInput.

  friend bool operator==(const ModelOutput&, const ModelOutput&) = default;
};

/// Layers in the order they run, as loaded from a file or built by the caller. Nothing in it says
/// how it will be executed. Immutable once it is handed to `prepare`, which copies what it needs.
struct Model {
  std::vector<ModelLayer> layers;
  /// Empty: one, "x" (or "ids"), which the first layer reads.
  std::vector<ModelInput> inputs;
  /// Empty: one, "y", of the last layer.
  std::vector<ModelOutput> outputs;
  /// The input or layer that says how many steps of each row are real, [1, batch, 1]; empty: none
  /// does, so that it is an argument of the run.
  std::string lengths;
  /// safetensors `__metadata__` or ONNX `metadata_props`, kept verbatim.
  std::map<std::string, std::string> metadata;
  std::string source;  ///< File name for messages; may be empty.

  /// Features of the first input (of ids: 1).
  [[nodiscard]] CAROUSEL_API std::int64_t input_size() const;
  /// Features of the first output.
  [[nodiscard]] CAROUSEL_API std::int64_t output_size() const;
  /// Whether the first input is ids.
  [[nodiscard]] CAROUSEL_API bool takes_ids() const;
  [[nodiscard]] CAROUSEL_API std::int64_t parameter_count() const;
  /// Floating point operations per step and batch row.
  [[nodiscard]] CAROUSEL_API double flops_per_row() const;
};

/// The names of all layers: their own, or made up for those that have none ("l0", "l1", ... for
/// recurrent layers, else "embedding", "head" and the like, numbered where there are several).
[[nodiscard]] CAROUSEL_API std::vector<std::string> layer_names(const Model& model);
/// The inputs, or the one that follows from the first layer.
[[nodiscard]] CAROUSEL_API std::vector<ModelInput> model_inputs(const Model& model);
/// The outputs, or the one that follows from the last layer.
[[nodiscard]] CAROUSEL_API std::vector<ModelOutput> model_outputs(const Model& model);

/// Checks every size of the model against its specs, and its wiring; throws Error
/// (invalid_argument, or bad_format for one that has a `source`) naming layer, tensor, expected and
/// found shape.
CAROUSEL_API void validate(const Model& model);

/// What `load` needs to know where a file leaves a doubt. Files that `save` wrote with the metadata
/// `carousel.layers` leave none, and refuse `prefix`, `embedding` and `head`.
struct LoadOptions {
  /// Prefix of the recurrent tensors, e.g. "encoder.lstm."; not given: detected, and an error when
  /// there is more than one candidate.
  std::optional<std::string> prefix = std::nullopt;
  /// Module name of the embedding, or of the linear layer, that the network begins with; not given:
  /// found by name and shape; empty string: it begins with the recurrent layers.
  std::optional<std::string> embedding = std::nullopt;
  /// Module name of the linear layer after the recurrent ones; not given: found by name and shape;
  /// empty string: there is none.
  std::optional<std::string> head = std::nullopt;
  /// Leave tensors alone that belong to no layer and fit as none, instead of refusing the file.
  bool ignore_extra = false;
  /// ONNX: the first node to take, by name or by the name of an output, where the graph does more
  /// than Carousel can; not given: from the graph's inputs.
  std::optional<std::string> from = std::nullopt;
  /// ONNX: the last node to take, by name or by the name of an output; not given: to the graph's
  /// outputs.
  std::optional<std::string> to = std::nullopt;
  /// ONNX: the shapes of inputs, by name, in the file's own order of axes, where the graph depends
  /// on sizes that the file leaves open. A size of -1 stays open.
  std::map<std::string, std::vector<std::int64_t>> input_shapes{};
  /// ONNX: the values of inputs, by name, that are fixed for good: a sample rate on which a branch
  /// depends. Every element of such an input has that value.
  std::map<std::string, double> input_values{};
};

/// Reads a model; what it is follows from its content, and of ONNX files from their name. A file
/// that is no model is refused with what it is.
///
/// safetensors: a PyTorch state dict (`weight_ih_l0`, `weight_hh_l0_reverse`, `weight_hr_l1`, ...),
/// or any network that `save` wrote. Weights keep the type that they are stored as: F32, F16, BF16
/// or F64. https://github.com/huggingface/safetensors#format
/// The metadata key `carousel.layers` tells all layers of a network. Without it they follow from
/// names and shapes: an optional embedding, a linear layer, LSTM, GRU or plain RNN modules or cells
/// (each of which reads the one before it), a linear layer, and the activation that the key
/// `carousel.tail` names; the key `carousel.activation` ("tanh", the default, or "relu") says which
/// plain RNN it is. Where the order of several modules is in doubt, `prefix` lists them in theirs,
/// separated by commas.
///
/// Archives of PyTorch (.pt, .pth; builds with libzip): the state dict in them, or the parameters
/// of a TorchScript module, read as those of a safetensors file are. Nothing in them is executed.
/// JSON: models of RTNeural and AIDA-X, GuitarML (Proteus, NeuralPi), NeuralAmpModeler (.nam), and
/// state dicts with nested arrays.
///
/// A file whose name ends in .onnx is read as ONNX (operator set 7 or newer): LSTM, GRU and RNN
/// nodes, embeddings (Gather), linear layers (MatMul, Gemm, Add), activations and joined features
/// (Concat), and what exporters put between them to change the order of axes. Whatever order the
/// file has, a network takes x [steps, batch, input_size]; `ModelInput::axes` and
/// `ModelOutput::axes` tell the file's own. Several sequences that enter or leave the graph are
/// inputs and outputs of the model, by their names. Inputs for initial states are the stream's
/// state, in the order of the layers; an input for sequence lengths is the argument `lengths` of
/// `Stream::run`. Where a graph ends with the last step only, the network gives all steps.
///
/// Throws Error for every violated rule of the format or of the model (bad_format), naming file and
/// tensor, or for ONNX the operator and node; for what is well-formed but not supported
/// (unsupported), naming what part of the graph could be taken with `from` and `to`; for options
/// that do not fit the file or leave a doubt (invalid_argument); and for files that are missing
/// (file_not_found) or cannot be read (file_access).
[[nodiscard]] CAROUSEL_API Model load(const std::filesystem::path& file,
                                      const LoadOptions& options = {});

/// The same from memory; `source` stands for the file name in messages, and its ending tells the
/// format. Nothing is kept of `bytes`.
[[nodiscard]] CAROUSEL_API Model load(std::span<const std::byte> bytes, std::string_view source,
                                      const LoadOptions& options = {});

/// Writes a safetensors file that `load` reads back as an equal model. Each tensor is written as
/// the type that it has, and in a fixed order, so that equal models give equal bytes. Names of
/// tensors follow from those of the layers, as in a PyTorch state dict. What names and shapes
/// cannot tell goes into the metadata: one activation at the end into `carousel.tail`, a plain
/// RNN's function into `carousel.activation`, and all layers of any other network into
/// `carousel.layers`; named inputs and outputs into `carousel.inputs` and `carousel.outputs`.
/// Written under a temporary name and renamed: a failure leaves no partial file. Throws Error when
/// the model is not valid or the name ends in .onnx (invalid_argument), or the file cannot be
/// written (file_access).
CAROUSEL_API void save(const Model& model, const std::filesystem::path& file);

struct SaveOnnxOptions {
  /// A graph input `lengths` (int32 [batch]): the sequence_lens of every recurrent layer.
  bool lengths = false;
  /// Graph inputs for initial states, `h0_l0` [directions, batch, state_size] (and `c0_l0`),
  /// `h0_l1`, ..., and outputs for final ones, `hn_l0`, ...: for streaming in chunks. Not for
  /// models whose initial states were learned.
  bool states = false;
};

/// Writes an ONNX file (operator set 13) with the model's inputs [steps, batch, size] (float32; ids
/// are [steps, batch], int64), whose first two sizes are left open, the nodes of each layer, and
/// the model's outputs [steps, batch, size]. Weights in float16 and bfloat16 are written so, each
/// with a Cast to float after it; float64 and initial states become float32. But for these types,
/// `load` reads it back as an equal model. Names of layers and metadata become the file's
/// properties. Written under a temporary name and renamed. Throws Error (unsupported)
/// naming what ONNX cannot express: a projection, a cell clip, an input gate that follows from the
/// forget gate, a function that is no operator; or more than 2 GiB. A build without ONNX support
/// throws Error saying so.
CAROUSEL_API void save_onnx(const Model& model, const std::filesystem::path& file,
                            const SaveOnnxOptions& options = {});

/// A tensor with values that are NaN or infinite as float32; such weights are legal.
struct NonFiniteTensor {
  std::string name;        ///< In the file that `save` writes.
  std::int64_t count = 0;  ///< How many values.
};
/// All of them, in the order of the layers.
[[nodiscard]] CAROUSEL_API std::vector<NonFiniteTensor> find_non_finite(const Model& model);

}  // namespace carousel
