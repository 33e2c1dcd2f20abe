// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carousel {

/// What a layer computes at each step. `linear` is a layer without recurrence,
/// y = W x + b: the head on top of a recurrent stack.
enum class Cell : std::uint8_t { lstm, gru, rnn, linear };

enum class Direction : std::uint8_t { forward, reverse, bidirectional };

/// The activation functions of the ONNX recurrent operators.
/// https://onnx.ai/onnx/operators/onnx__LSTM.html
enum class ActivationKind : std::uint8_t {
  sigmoid,
  tanh,
  relu,
  affine,
  leaky_relu,
  thresholded_relu,
  scaled_tanh,
  hard_sigmoid,
  elu,
  softsign,
  softplus,
};

struct Activation {
  ActivationKind kind = ActivationKind::sigmoid;
  float alpha = 0.0F;  ///< meaning as in ONNX; ignored by kinds without parameters
  float beta = 0.0F;

  friend bool operator==(const Activation&, const Activation&) = default;
};

/// ONNX's f, g, h for an LSTM (gates; cell candidate; output), f, g for a GRU, f for a plain RNN.
using ActivationSet = std::array<Activation, 3>;

/// How the input and forget gates of an LSTM depend on each other.
enum class GateCoupling : std::uint8_t {
  none,               ///< the usual LSTM
  forget_from_input,  ///< f = 1 - i (ONNX `input_forget`)
  input_from_forget,  ///< i = 1 - f (TFLite CIFG; Greff et al. 2017)
};

/// The arithmetic type that packed weights are stored in.
enum class Precision : std::uint8_t { float32, bfloat16, int8 };

/// One recurrent layer. A value type; every backend says through `Backend::supports` which specs it
/// can run. Sizes are counted in elements.
struct LayerSpec {
  Cell cell = Cell::lstm;
  Direction direction = Direction::forward;
  std::int64_t input_size = 0;
  std::int64_t hidden_size = 0;  ///< for `Cell::linear`: the number of outputs
  std::int64_t proj_size = 0;    ///< LSTM with projection (h' = W_hr h'); 0: none
  bool bias = true;

  bool peephole = false;  ///< Gers & Schmidhuber 2000; diagonal p_i, p_o, p_f
  GateCoupling coupling = GateCoupling::none;
  bool linear_before_reset = true;  ///< GRU: PyTorch's form is true, the ONNX default false
  float clip = 0.0F;                ///< bounds gate pre-activations to [-clip, clip]; 0: none
  float cell_clip = 0.0F;           ///< bounds the cell state (TFLite); 0: none
  /// Per direction; `default_activations(cell)` gives the usual ones.
  std::array<ActivationSet, 2> activations{};
  Precision precision = Precision::float32;

  [[nodiscard]] constexpr std::int64_t directions() const noexcept {
    return direction == Direction::bidirectional ? 2 : 1;
  }
  /// Rows of one gate block in weight_ih: 4 (LSTM), 3 (GRU), 1.
  [[nodiscard]] constexpr std::int64_t gates() const noexcept {
    return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1;
  }
  [[nodiscard]] constexpr bool recurrent() const noexcept { return cell != Cell::linear; }
  /// Width of h: what each direction emits per step, and what it feeds back.
  [[nodiscard]] constexpr std::int64_t state_size() const noexcept {
    return proj_size > 0 ? proj_size : hidden_size;
  }
  [[nodiscard]] constexpr std::int64_t output_size() const noexcept {
    return directions() * state_size();
  }
  [[nodiscard]] constexpr bool has_cell_state() const noexcept { return cell == Cell::lstm; }
  [[nodiscard]] CAROUSEL_API std::int64_t parameter_count() const noexcept;
  /// Floating point operations of one step of one batch row (2 per multiply-add, matrices only).
  [[nodiscard]] CAROUSEL_API double flops_per_row() const noexcept;

  friend bool operator==(const LayerSpec&, const LayerSpec&) = default;
};

[[nodiscard]] CAROUSEL_API ActivationSet default_activations(Cell cell) noexcept;

/// How many entries of an ActivationSet a cell uses: 3 (LSTM), 2 (GRU), 1 (RNN), 0 (linear).
[[nodiscard]] CAROUSEL_API std::size_t activation_count(Cell cell) noexcept;

/// Whether two functions are the same; parameters count only where the kind has them.
[[nodiscard]] CAROUSEL_API bool same_function(const Activation& a, const Activation& b) noexcept;

/// Whether every direction of `spec` has the usual functions of its cell. What the cell does not
/// use does not count.
[[nodiscard]] CAROUSEL_API bool has_default_activations(const LayerSpec& spec) noexcept;

/// A usual layer: default activations in both directions, everything else as given.
[[nodiscard]] CAROUSEL_API LayerSpec make_spec(Cell cell, std::int64_t input_size,
                                               std::int64_t hidden_size,
                                               Direction direction = Direction::forward,
                                               std::int64_t proj_size = 0,
                                               bool bias = true) noexcept;

/// Throws Error naming the field and the rule it breaks.
CAROUSEL_API void validate(const LayerSpec& spec);

/// "LSTM 128 -> 256, bidirectional, proj 64, no bias": for people.
[[nodiscard]] CAROUSEL_API std::string describe(const LayerSpec& spec);

[[nodiscard]] CAROUSEL_API std::string_view name(Cell cell) noexcept;
[[nodiscard]] CAROUSEL_API std::string_view name(Direction direction) noexcept;
[[nodiscard]] CAROUSEL_API std::string_view name(ActivationKind kind) noexcept;
[[nodiscard]] CAROUSEL_API std::string_view name(Precision precision) noexcept;

}  // namespace carousel
