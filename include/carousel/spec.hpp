// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/activation.hpp>
#include <carousel/cells.hpp>
#include <carousel/export.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// \file
/// The kinds of layers, each a value type with its sizes and options, and what can be asked of any
/// of them. Sizes are counted in elements. A layer turns a sequence of frames, [steps, batch,
/// input_size], into a sequence of frames, [output_steps(steps), batch, output_size]; most kinds
/// give as many steps as they are given.
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
  /// softmax, log_softmax: so many neighbouring features sum to 1; divides size. 0: all of them.
  std::int64_t group = 0;

  [[nodiscard]] constexpr std::int64_t group_size() const noexcept {
    return group > 0 ? group : size;
  }

  friend bool operator==(const ActivationSpec&, const ActivationSpec&) = default;
};

/// The features of several inputs side by side, in their order.
struct ConcatenateSpec {
  std::vector<std::int64_t> sizes;  ///< Features of each input.

  friend bool operator==(const ConcatenateSpec&, const ConcatenateSpec&) = default;
};

/// What an elementwise layer computes from a and b. Comparisons give 1 or 0.
enum class ElementwiseOperation : std::uint8_t {
  add,
  subtract,  ///< a - b
  multiply,
  divide,  ///< a / b
  power,   ///< a to the power of b
  minimum,
  maximum,
  prelu,  ///< a < 0 ? b * a : a
  equal,
  less,     ///< a < b
  greater,  ///< a > b
};
/// "add", "subtract", ...
[[nodiscard]] CAROUSEL_API std::string_view name(ElementwiseOperation operation) noexcept;

/// An operation of two sequences, element by element; or, with `constant`, of one sequence and a
/// weight. Sequences have equally many steps; one with a single step is used at every step.
struct ElementwiseSpec {
  /// What the weight is, if there is one.
  enum class Constant : std::uint8_t {
    none,    ///< both a and b are sequences
    first,   ///< a is the weight "operand", b the sequence
    second,  ///< a is the sequence, b the weight "operand"
  };
  ElementwiseOperation operation = ElementwiseOperation::add;
  std::int64_t size = 0;  ///< Features of each operand and of the result.
  Constant constant = Constant::none;

  friend bool operator==(const ElementwiseSpec&, const ElementwiseSpec&) = default;
};

/// What stands beyond the ends of what a convolution slides along.
enum class PaddingMode : std::uint8_t {
  zeros,
  reflect,  ///< mirrored at the first and last element, which are not repeated
  edge,     ///< the first or last element again
};
[[nodiscard]] CAROUSEL_API std::string_view name(PaddingMode mode) noexcept;

/// A one-dimensional convolution: PyTorch's Conv1d and ConvTranspose1d.
///
/// Within a frame (`length` > 0) it slides along the `length` positions of each frame, which is
/// laid out [length, in_channels], and gives [output_length, out_channels]. Along time (`length` is
/// 0) each frame is one position, [in_channels], so that it takes `steps` positions and gives
/// [out_channels] at each step that comes out. Causal: all padding is at the beginning, and what
/// stands there is the end of what earlier runs were given (at first zeros), so that a sequence can
/// be given in pieces of any size.
struct ConvolutionSpec {
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t kernel_size = 1;
  std::int64_t length = 0;  ///< Positions of a frame; 0: slides along time.
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;     ///< Divides both numbers of channels.
  std::int64_t pad_begin = 0;  ///< Positions before the first one.
  std::int64_t pad_end = 0;    ///< Positions after the last one.
  PaddingMode padding = PaddingMode::zeros;
  /// Along time, with stride 1, zeros, pad_begin = dilation * (kernel_size - 1), pad_end 0.
  bool causal = false;
  /// ConvTranspose1d: within a frame only; pads are what is removed from the result.
  bool transposed = false;
  std::int64_t output_padding = 0;  ///< ConvTranspose1d: positions added at the end.
  bool bias = true;

  [[nodiscard]] constexpr bool along_time() const noexcept { return length == 0; }
  /// Whether each channel is convolved by itself.
  [[nodiscard]] constexpr bool depthwise() const noexcept {
    return groups > 1 && groups == in_channels && groups == out_channels;
  }
  /// Positions that the kernel spans.
  [[nodiscard]] constexpr std::int64_t span() const noexcept {
    return dilation * (kernel_size - 1) + 1;
  }
  /// Positions that come out of so many; not less than 0.
  [[nodiscard]] constexpr std::int64_t output_positions(std::int64_t positions) const noexcept {
    if (causal) return positions;
    if (transposed) {
      const std::int64_t all = (positions - 1) * stride + span() + output_padding;
      return positions > 0 ? all - pad_begin - pad_end : 0;
    }
    const std::int64_t room = positions + pad_begin + pad_end - span();
    return room < 0 ? 0 : room / stride + 1;
  }

  friend bool operator==(const ConvolutionSpec&, const ConvolutionSpec&) = default;
};

/// Each group of neighbouring features of a frame is shifted to mean 0 (if `center`) and scaled to
/// mean square 1, then multiplied by the weight "weight" and shifted by "bias": layer, group,
/// instance and RMS normalization, each with a suitable order of features.
/// y = (x - mean) / sqrt(mean((x - mean)^2) + epsilon) * weight + bias
struct NormalizationSpec {
  std::int64_t size = 0;
  std::int64_t group = 0;  ///< Features that are normalized together; divides size. 0: all of them.
  bool center = true;      ///< false: the mean counts as 0 (RMS normalization).
  float epsilon = 1e-5F;
  bool scale = true;  ///< There is a "weight" [size].
  bool bias = true;   ///< There is a "bias" [size].

  [[nodiscard]] constexpr std::int64_t group_size() const noexcept {
    return group > 0 ? group : size;
  }

  friend bool operator==(const NormalizationSpec&, const NormalizationSpec&) = default;
};

/// Evenly spaced features of a frame, or, with `first` < 0, so many times the filler.
struct FeatureRun {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t stride = 1;

  friend bool operator==(const FeatureRun&, const FeatureRun&) = default;
};

/// Picks the features of each frame in another order: slices, transposes, pads, repeats, flips.
struct RearrangeSpec {
  std::int64_t input_size = 0;
  std::vector<FeatureRun> runs;  ///< One after the other, they make up the result.
  float filler = 0.0F;

  friend bool operator==(const RearrangeSpec&, const RearrangeSpec&) = default;
};

enum class ReduceOperation : std::uint8_t { mean, sum, maximum, minimum, l2 };
[[nodiscard]] CAROUSEL_API std::string_view name(ReduceOperation operation) noexcept;

/// Each group of neighbouring features of a frame becomes one.
struct ReduceFeaturesSpec {
  ReduceOperation operation = ReduceOperation::mean;
  std::int64_t size = 0;
  std::int64_t group = 0;  ///< Divides size. 0: all of them.

  [[nodiscard]] constexpr std::int64_t group_size() const noexcept {
    return group > 0 ? group : size;
  }

  friend bool operator==(const ReduceFeaturesSpec&, const ReduceFeaturesSpec&) = default;
};

/// All steps of a run become one.
struct ReduceStepsSpec {
  ReduceOperation operation = ReduceOperation::mean;
  std::int64_t size = 0;
  bool lengths = false;  ///< Only the real steps of each row count. Of no steps comes 0.

  friend bool operator==(const ReduceStepsSpec&, const ReduceStepsSpec&) = default;
};

/// Some of the steps of a run, as a slice in Python or ONNX selects them: first, first + stride,
/// ... before `end`. Negative positions count from the end: -1 is the last step. Positions beyond
/// either end are moved to it.
struct SelectStepsSpec {
  static constexpr std::int64_t kOpen = std::numeric_limits<std::int64_t>::max();
  std::int64_t size = 0;
  std::int64_t first = 0;
  std::int64_t end = kOpen;  ///< The first step that is left out; kOpen: none in that direction.
  std::int64_t stride = 1;   ///< Not 0; negative: backwards.
  /// Each row has its own steps: those before its length, of which -1 is the last. What it has too
  /// few steps for is 0.
  bool lengths = false;

  friend bool operator==(const SelectStepsSpec&, const SelectStepsSpec&) = default;
};

/// Which steps of how many `select_steps` takes: first, first + stride, ..., `count` of them.
struct SelectedSteps {
  std::int64_t first = 0;
  std::int64_t count = 0;
};
[[nodiscard]] CAROUSEL_API SelectedSteps select(const SelectStepsSpec& spec,
                                                std::int64_t steps) noexcept;

/// Each step `count` times: Keras's RepeatVector of a single step, UpSampling1D of several.
struct RepeatStepsSpec {
  std::int64_t size = 0;
  std::int64_t count = 1;

  friend bool operator==(const RepeatStepsSpec&, const RepeatStepsSpec&) = default;
};

/// Ids, [steps, batch, 1], as features.
struct CastIdsSpec {
  friend bool operator==(const CastIdsSpec&, const CastIdsSpec&) = default;
};

/// Any kind of layer.
using LayerSpec = std::variant<RecurrentSpec, DenseSpec, EmbeddingSpec, ActivationSpec,
                               ConcatenateSpec, ElementwiseSpec, ConvolutionSpec, NormalizationSpec,
                               RearrangeSpec, ReduceFeaturesSpec, ReduceStepsSpec, SelectStepsSpec,
                               RepeatStepsSpec, CastIdsSpec>;

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

/// "recurrent", "dense", "embedding", "activation", "concatenate", "elementwise", "convolution",
/// "normalization", "rearrange", "reduce_features", "reduce_steps", "select_steps",
/// "repeat_steps", "cast_ids"
[[nodiscard]] CAROUSEL_API std::string_view kind_name(const LayerSpec& spec) noexcept;
/// How many sequences it reads: 1 for all kinds but `concatenate`, and `elementwise` without a
/// constant.
[[nodiscard]] CAROUSEL_API std::size_t input_count(const LayerSpec& spec) noexcept;
/// Features of a frame of the input `index`; 1 for an embedding, whose frames are one id.
[[nodiscard]] CAROUSEL_API std::int64_t input_size(const LayerSpec& spec,
                                                   std::size_t index = 0) noexcept;
[[nodiscard]] CAROUSEL_API std::int64_t output_size(const LayerSpec& spec) noexcept;
/// Whether its input is ids instead of features.
[[nodiscard]] CAROUSEL_API bool takes_ids(const LayerSpec& spec) noexcept;
/// How many steps come out of `steps`; also how many of a row's steps are real if so many of its
/// input's are. Never less than 0.
[[nodiscard]] CAROUSEL_API std::int64_t output_steps(const LayerSpec& spec,
                                                     std::int64_t steps) noexcept;
/// Whether the number of steps that come out may differ from that of those that go in.
[[nodiscard]] CAROUSEL_API bool changes_steps(const LayerSpec& spec) noexcept;
/// Whether what comes out depends on where the sequence begins or ends (a reverse direction, or
/// steps that are selected, reduced, or padded), so that it cannot be given in pieces.
[[nodiscard]] CAROUSEL_API bool needs_whole_sequence(const LayerSpec& spec) noexcept;

/// Whether a precision other than float32 changes how the layer's weights are stored: recurrent and
/// dense layers, and convolutions that are not depthwise.
[[nodiscard]] CAROUSEL_API bool has_precision(const LayerSpec& spec) noexcept;

/// The arrays it has, in a fixed order; those of a recurrent layer are
/// weight_ih [G*H, I], weight_hh [G*H, S / heads], bias_ih and bias_hh [G*H] (with bias), weight_hr
/// [P, H] (with projection), peephole [3*H] in the order i, f, o, norm_weight [G*H] (with layer
/// normalization), and, optional, initial_h [S] and the other initial states [H], where G is
/// gates(), H hidden_size, I input_size, P proj_size and S state_size(); those of a dense layer
/// weight [output_size, input_size] and bias [output_size]; that of an embedding weight
/// [num_embeddings, embedding_dim]; that of an elementwise layer with a constant operand [size];
/// those of a convolution weight [out_channels, in_channels / groups, kernel_size] (transposed:
/// [in_channels, out_channels / groups, kernel_size]) and bias [out_channels]; those of a
/// normalization weight and bias [size].
[[nodiscard]] CAROUSEL_API std::vector<WeightRole> weight_roles(const LayerSpec& spec);
/// What it carries from step to step: of a recurrent layer per direction the states of its cell, h
/// first; of a causal convolution "history", the last dilation * (kernel_size - 1) frames.
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
