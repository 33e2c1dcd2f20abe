// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/activation.hpp>
#include <carousel/cells.hpp>
#include <carousel/export.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// \file
/// The kinds of layers, each a value type with its sizes and options, and what can be asked of any
/// of them. Sizes are counted in elements. A layer turns a sequence of frames, [steps, batch,
/// input_size], into a sequence of frames, [steps, batch, output_size].
namespace carousel {

enum class Direction : std::uint8_t { forward, reverse, bidirectional };
[[nodiscard]] CAROUSEL_API std::string_view name(Direction direction) noexcept;

/// How the input and forget gates of an LSTM depend on each other.
enum class GateCoupling : std::uint8_t {
  none,               ///< the usual LSTM
  forget_from_input,  ///< f = 1 - i (ONNX `input_forget`)
  input_from_forget,  ///< i = 1 - f (TFLite CIFG; Greff et al. 2017)
};

/// A recurrent layer in one or both directions.
struct RecurrentSpec {
  Cell cell = Cell::lstm;
  Direction direction = Direction::forward;
  std::int64_t input_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t proj_size = 0;  ///< LSTM with projection (h' = W_hr h'); 0: none.
  bool bias = true;

  bool peephole = false;  ///< LSTM: Gers & Schmidhuber 2000; diagonal p_i, p_f, p_o.
  GateCoupling coupling = GateCoupling::none;  ///< LSTM.
  bool linear_before_reset = true;  ///< GRU: PyTorch's form is true, the ONNX default false.
  float clip = 0.0F;                ///< Bounds gate pre-activations to [-clip, clip]; 0: none.
  float cell_clip = 0.0F;           ///< LSTM: bounds the cell state (TFLite); 0: none.
  /// LSTM: each gate's pre-activation is normalized over the units of its row (mean 0, variance 1),
  /// scaled by norm_weight, and only then biased (TFLite, RNN-T). Not with peepholes.
  bool layer_norm = false;
  float layer_norm_epsilon = 1e-5F;  ///< With `layer_norm`: added to the variance.
  /// sLSTM: the recurrent matrix consists of so many blocks on its diagonal; divides hidden_size.
  std::int64_t heads = 1;
  /// Per direction; `make_spec` sets the usual ones.
  std::array<ActivationSet, 2> activations{};

  [[nodiscard]] constexpr std::int64_t directions() const noexcept {
    return direction == Direction::bidirectional ? 2 : 1;
  }
  /// Gates of the cell: weight_ih has gates() * hidden_size rows.
  [[nodiscard]] constexpr std::int64_t gates() const noexcept {
    return static_cast<std::int64_t>(traits(cell).gates.size());
  }
  /// Width of h: what each direction emits per step, and what it feeds back.
  [[nodiscard]] constexpr std::int64_t state_size() const noexcept {
    return proj_size > 0 ? proj_size : hidden_size;
  }
  [[nodiscard]] constexpr std::int64_t output_size() const noexcept {
    return directions() * state_size();
  }
  /// Columns of weight_hh: the part of h that feeds a unit.
  [[nodiscard]] constexpr std::int64_t recurrent_size() const noexcept {
    return state_size() / heads;
  }
  /// How many states each direction carries from step to step: 2 (LSTM: h, c) or 1 (h).
  [[nodiscard]] constexpr std::size_t state_count() const noexcept {
    return traits(cell).state_count;
  }
  [[nodiscard]] constexpr bool has_cell_state() const noexcept { return state_count() > 1; }

  friend bool operator==(const RecurrentSpec&, const RecurrentSpec&) = default;
};

/// y = W x + b at every step: PyTorch's Linear.
struct DenseSpec {
  std::int64_t input_size = 0;
  std::int64_t output_size = 0;
  bool bias = true;

  friend bool operator==(const DenseSpec&, const DenseSpec&) = default;
};

/// A table of row vectors looked up by id: the one kind of layer whose input is ids, [steps, batch,
/// 1], each in [0, num_embeddings).
struct EmbeddingSpec {
  std::int64_t num_embeddings = 0;
  std::int64_t embedding_dim = 0;

  friend bool operator==(const EmbeddingSpec&, const EmbeddingSpec&) = default;
};

/// A function of every frame of `size` features.
struct ActivationSpec {
  Activation function;
  std::int64_t size = 0;

  friend bool operator==(const ActivationSpec&, const ActivationSpec&) = default;
};

/// The features of several inputs side by side, in their order.
struct ConcatenateSpec {
  std::vector<std::int64_t> sizes;  ///< Features of each input.

  friend bool operator==(const ConcatenateSpec&, const ConcatenateSpec&) = default;
};

/// Any kind of layer.
using LayerSpec =
    std::variant<RecurrentSpec, DenseSpec, EmbeddingSpec, ActivationSpec, ConcatenateSpec>;

/// An array that a layer has, by its role: "weight_ih", of the second direction
/// "weight_ih_reverse".
struct WeightRole {
  std::string name;
  std::vector<std::int64_t> shape;
  bool required = true;  ///< Initial states are optional: absent means zeros.
};

/// Something that a layer carries from step to step for each batch row: "h", "c", of the second
/// direction "h_reverse".
struct StateSpec {
  std::string name;
  std::int64_t size = 0;  ///< Floats per batch row.

  friend bool operator==(const StateSpec&, const StateSpec&) = default;
};

// --- What can be asked of any layer ---

/// "recurrent", "dense", "embedding", "activation", "concatenate"
[[nodiscard]] CAROUSEL_API std::string_view kind_name(const LayerSpec& spec) noexcept;
/// How many sequences it reads: 1 for all kinds but `concatenate`.
[[nodiscard]] CAROUSEL_API std::size_t input_count(const LayerSpec& spec) noexcept;
/// Features of a frame of the input `index`; 1 for an embedding, whose frames are one id.
[[nodiscard]] CAROUSEL_API std::int64_t input_size(const LayerSpec& spec,
                                                   std::size_t index = 0) noexcept;
[[nodiscard]] CAROUSEL_API std::int64_t output_size(const LayerSpec& spec) noexcept;
/// Whether its input is ids instead of features.
[[nodiscard]] CAROUSEL_API bool takes_ids(const LayerSpec& spec) noexcept;
/// Whether its first output depends on the end of the sequence (a reverse direction).
[[nodiscard]] CAROUSEL_API bool needs_whole_sequence(const LayerSpec& spec) noexcept;

/// The arrays it has, in a fixed order; those of a recurrent layer are
/// weight_ih [G*H, I], weight_hh [G*H, S / heads], bias_ih and bias_hh [G*H] (with bias), weight_hr
/// [P, H] (with projection), peephole [3*H] in the order i, f, o, norm_weight [G*H] (with layer
/// normalization), and, optional, initial_h [S] and the other initial states [H], where G is
/// gates(), H hidden_size, I input_size, P proj_size and S state_size(); those of a dense layer
/// weight [output_size, input_size] and bias [output_size]; that of an embedding weight
/// [num_embeddings, embedding_dim].
[[nodiscard]] CAROUSEL_API std::vector<WeightRole> weight_roles(const LayerSpec& spec);
/// What it carries from step to step: per direction the states of its cell, h first.
[[nodiscard]] CAROUSEL_API std::vector<StateSpec> states(const LayerSpec& spec);

/// Elements of its required weights.
[[nodiscard]] CAROUSEL_API std::int64_t parameter_count(const LayerSpec& spec);
/// Floating point operations of one step of one batch row (2 per multiply-add, matrices only).
[[nodiscard]] CAROUSEL_API double flops_per_row(const LayerSpec& spec) noexcept;

/// Throws Error (invalid_argument) naming the field and the rule it breaks.
CAROUSEL_API void validate(const LayerSpec& spec);
/// "LSTM 128 -> 256, bidirectional, proj 64, no bias": for people.
[[nodiscard]] CAROUSEL_API std::string describe(const LayerSpec& spec);

// --- Recurrent layers ---

/// A usual layer: the default activations in both directions, everything else as given.
[[nodiscard]] CAROUSEL_API RecurrentSpec make_spec(Cell cell, std::int64_t input_size,
                                                   std::int64_t hidden_size,
                                                   Direction direction = Direction::forward,
                                                   std::int64_t proj_size = 0,
                                                   bool bias = true) noexcept;
/// Whether every direction has the usual functions of its cell. What the cell does not use does
/// not count.
[[nodiscard]] CAROUSEL_API bool has_default_activations(const RecurrentSpec& spec) noexcept;
/// The name of a weight or state in a direction: "weight_ih" in 0, "weight_ih_reverse" in 1.
[[nodiscard]] CAROUSEL_API std::string in_direction(std::string_view name, std::size_t direction);

}  // namespace carousel
