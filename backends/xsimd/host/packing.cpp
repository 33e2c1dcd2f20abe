// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/packing.hpp"

#include "core/model/half.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace carousel::simd {
namespace {

/// Columns that are copied at a time: one cache line of each row of the matrix.
constexpr std::int64_t kColumns = 16;

float stored_as(Float32Weights, float weight) { return weight; }
std::uint16_t stored_as(Float16Weights, float weight) { return half_from(weight); }
std::uint16_t stored_as(Bfloat16Weights, float weight) { return bfloat16_from(weight); }

/// Calls `body(policy)` with the weight policy of a precision.
template <class Body>
auto with_policy(Precision precision, Body body) {
  if (precision == Precision::float16) return body(Float16Weights{});
  return precision == Precision::bfloat16 ? body(Bfloat16Weights{}) : body(Float32Weights{});
}

/// Writes the elements of a panel.
template <class Weights>
class Packer {
 public:
  using Elements = Aligned<typename Weights::Element>;

  explicit Packer(const PanelShape& panel) : panel_(panel), packed_(panel.elements()) {}

  /// Puts neighbouring rows of a matrix [rows, terms] into neighbouring lanes of a block, for each
  /// term. `lane` is the lane of the first row, counted from the block's first vector on.
  void put(std::int64_t block, std::int64_t lane, const float* rows, std::int64_t count) {
    const bool half = panel_.half && block == panel_.blocks - 1;
    auto* const to = packed_.data() + block * panel_.block_stride();
    const std::int64_t stride = panel_.term_stride(half);
    for (std::int64_t k0 = 0; k0 < panel_.terms; k0 += kColumns) {
      const std::int64_t k1 = std::min(panel_.terms, k0 + kColumns);
      for (std::int64_t row = 0; row < count; ++row) {
        const float* from = rows + row * panel_.terms;
        const std::int64_t at = place(lane + row);
        for (std::int64_t k = k0; k < k1; ++k) to[k * stride + at] = stored_as(Weights{}, from[k]);
      }
    }
  }

  /// Puts `rows` rows into neighbouring vectors, from the panel's vector `first` on.
  void put_vectors(std::int64_t first, const float* weight, std::int64_t rows) {
    for (std::int64_t row = 0; row < rows; row += panel_.width, ++first) {
      put(first / panel_.vectors, first % panel_.vectors * panel_.width,
          weight + row * panel_.terms, std::min(panel_.width, rows - row));
    }
  }

  /// Puts the gates of a weight matrix next to each other in each block of units. From the rows of
  /// a gate to those of the next there are `gate_rows` rows, of which the first `units` are packed.
  void put_interleaved(const float* weight, std::int64_t gate_rows, std::int64_t units) {
    for (std::int64_t block = 0; block < panel_.blocks; ++block) {
      const bool half = panel_.half && block == panel_.blocks - 1;
      const std::int64_t lanes = half ? panel_.width / 2 : panel_.width;
      const std::int64_t unit = block * panel_.width;
      for (std::int64_t gate = 0; gate < panel_.vectors; ++gate) {
        put(block, gate * lanes, weight + (gate * gate_rows + unit) * panel_.terms,
            std::min(panel_.width, units - unit));
      }
    }
  }

  [[nodiscard]] Elements take() { return std::move(packed_); }

 private:
  /// The element of a lane that is counted from the block's first vector on.
  [[nodiscard]] std::int64_t place(std::int64_t lane) const {
    return Weights::place(lane / panel_.width, lane % panel_.width, panel_.vectors, panel_.width);
  }

  PanelShape panel_;
  Elements packed_;
};

/// Packs a head's rows of a weight matrix of all gates [gates * hidden_size, terms].
template <class Weights>
Aligned<typename Weights::Element> pack_gates(const RecurrentSpec& spec, std::int64_t head,
                                              const PanelShape& panel, const float* weight) {
  Packer<Weights> packer(panel);
  const std::int64_t units = spec.hidden_size;
  if (interleaves_gates(spec)) {
    packer.put_interleaved(weight + head * head_units(spec) * panel.terms, units, head_units(spec));
  } else if (panel.reset_first_blocks > 0) {
    // The vectors of r, then those of z, then in blocks of their own those of n.
    const std::int64_t first[] = {0, ceil_div(units, panel.width),
                                  panel.reset_first_blocks * panel.vectors};
    for (std::int64_t gate = 0; gate < 3; ++gate) {
      packer.put_vectors(first[gate], weight + gate * units * panel.terms, units);
    }
  } else {
    packer.put_vectors(0, weight, units);
  }
  return packer.take();
}

PackedMatrix pack_gate_matrix(const RecurrentSpec& spec, std::int64_t head, const PanelShape& panel,
                              std::span<const float> weight, Precision precision) {
  return with_policy(precision, [&]<class Weights>(Weights) -> PackedMatrix {
    return pack_gates<Weights>(spec, head, panel, weight.data());
  });
}

/// Copies the lower half of the next vector to the upper half of this one.
void share_vector(float* vector, std::int64_t width) {
  std::copy_n(vector + width, width / 2, vector + width / 2);
}

/// The initial values of the sums: bias_ih + bias_hh. A GRU that resets after the matrix has two
/// biases of its candidate: the second one follows as a fourth gate.
std::vector<float> add_biases(const RecurrentSpec& spec, const RecurrentWeights& weights) {
  const std::int64_t all = spec.gates() * spec.hidden_size;
  const bool apart = spec.cell == Cell::gru && spec.linear_before_reset;
  const std::int64_t together = apart ? 2 * spec.hidden_size : all;
  std::vector<float> sum(static_cast<std::size_t>(all + all - together), 0.0F);
  if (!spec.bias) return sum;
  const float* input = weights.bias_ih.data();
  const float* state = weights.bias_hh.data();
  float* rest = std::transform(input, input + together, state, sum.data(), std::plus{});
  rest = std::copy(input + together, input + all, rest);
  std::copy(state + together, state + all, rest);
  return sum;
}

/// Packs one number for each unit of each gate, in the layout of the sums of one row.
AlignedFloats pack_row(const RecurrentSpec& spec, std::int64_t head, const PanelShape& recurrent,
                       std::span<const float> row) {
  PanelShape panel = recurrent;
  panel.terms = 1;
  if (!interleaves_gates(spec)) return pack_gates<Float32Weights>(spec, head, panel, row.data());
  panel.vectors = kAccumulators;
  panel.half = false;
  AlignedFloats packed = pack_gates<Float32Weights>(spec, head, panel, row.data());
  if (recurrent.half) {
    float* const block = packed.data() + recurrent.sums_offset(recurrent.blocks - 1);
    share_vector(block, panel.width);
    if (spec.cell == Cell::lstm) share_vector(block + 2 * panel.width, panel.width);
  }
  return packed;
}

/// The peephole weights, [blocks][3][W].
AlignedFloats pack_peephole(const RecurrentSpec& spec, const PanelShape& recurrent,
                            const RecurrentWeights& weights) {
  PanelShape panel = recurrent;
  panel.terms = 1;
  panel.vectors = 3;
  Packer<Float32Weights> packer(panel);
  packer.put_interleaved(weights.peephole.data(), spec.hidden_size, spec.hidden_size);
  return packer.take();
}

/// Layer normalization adds the biases after it: the sums begin with zeros.
void pack_norm(const RecurrentSpec& spec, const RecurrentWeights& weights, PackedHead& to) {
  to.norm_weight = pack_row(spec, 0, to.packed.recurrent, weights.norm_weight);
  to.norm_bias = std::exchange(to.bias, AlignedFloats(to.packed.recurrent.sums_stride()));
  to.packed.norm_weight = to.norm_weight.data();
  to.packed.norm_bias = to.norm_bias.data();
  to.packed.norm_epsilon = spec.layer_norm_epsilon;
}

/// A matrix of all gates of a head in int8: weight [gates * hidden_size, terms].
PackedInt8 pack_int8_gates(const RecurrentSpec& spec, std::int64_t head, const Int8Dot& dot,
                           const PanelShape& panel, std::span<const float> weight) {
  PanelShape places = panel;
  places.terms = 1;
  const std::vector<float> numbers = row_numbers(spec.gates() * spec.hidden_size);
  return pack_int8(dot, weight, panel,
                   pack_gates<Float32Weights>(spec, head, places, numbers.data()).span());
}

void pack_int8_matrices(const RecurrentSpec& spec, const RecurrentWeights& weights,
                        std::int64_t head, const Int8Dot& dot, PackedHead& to) {
  PackedLayer& packed = to.packed;
  to.int8 = std::make_unique<PackedInt8Matrices>();
  PackedInt8Matrices& all = *to.int8;
  all.input = pack_int8_gates(spec, head, dot, packed.input, weights.weight_ih);
  all.recurrent = pack_int8_gates(spec, head, dot, packed.recurrent, weights.weight_hh);
  if (spec.proj_size > 0) {
    all.projection = pack_int8_outputs(dot, packed.projection, weights.weight_hr, spec.proj_size);
  }
  all.matrices = {all.input.matrix, all.recurrent.matrix, all.projection.matrix};
  packed.int8 = &all.matrices;
}

void pack_matrices(const RecurrentSpec& spec, const RecurrentWeights& weights, std::int64_t head,
                   Precision precision, PackedHead& to) {
  PackedLayer& packed = to.packed;
  to.input = pack_gate_matrix(spec, head, packed.input, weights.weight_ih, precision);
  to.recurrent = pack_gate_matrix(spec, head, packed.recurrent, weights.weight_hh, precision);
  packed.input.data = data_of(to.input);
  packed.recurrent.data = data_of(to.recurrent);
  if (spec.proj_size == 0) return;
  to.projection =
      pack_output_matrix(packed.projection, weights.weight_hr, spec.proj_size, precision);
  packed.projection.data = data_of(to.projection);
}

}  // namespace

PackedHead pack_recurrent(const RecurrentSpec& spec, const RecurrentWeights& weights,
                          std::size_t direction, std::int64_t head, const WeightFormat& format,
                          const Int8Dot* dot) {
  PackedHead result;
  PackedLayer& packed = result.packed;
  packed = {.cell = spec.cell,
            .precision = format.precision,
            .plain = has_own_steps(spec),
            .memories = static_cast<int>(spec.state_count()) - 1,
            .hidden_size = head_units(spec),
            .state_size = spec.recurrent_size(),
            .recurrent = {recurrent_panel(spec, format)},
            .input = {input_panel(spec, format)},
            .coupling = spec.coupling,
            .clip = spec.clip,
            .cell_clip = spec.cell_clip,
            .activations = spec.activations[direction]};
  if (spec.proj_size > 0) {
    packed.projection = {output_panel(spec.proj_size, spec.hidden_size, format.width)};
  }
  if (format.precision == Precision::int8) {
    pack_int8_matrices(spec, weights, head, *dot, result);
  } else {
    pack_matrices(spec, weights, head, format.precision, result);
  }
  result.bias = pack_row(spec, head, packed.recurrent, add_biases(spec, weights));
  if (spec.layer_norm) pack_norm(spec, weights, result);
  packed.bias = result.bias.data();
  if (spec.peephole) {
    result.peephole = pack_peephole(spec, packed.recurrent, weights);
    packed.peephole = result.peephole.data();
  }
  return result;
}

AlignedFloats pack_outputs(const PanelShape& panel, std::span<const float> weight,
                           std::int64_t outputs) {
  Packer<Float32Weights> packer(panel);
  packer.put_vectors(0, weight.data(), outputs);
  return packer.take();
}

PackedMatrix pack_output_matrix(const PanelShape& panel, std::span<const float> weight,
                                std::int64_t outputs, Precision precision) {
  return with_policy(precision, [&]<class Weights>(Weights) -> PackedMatrix {
    Packer<Weights> packer(panel);
    packer.put_vectors(0, weight.data(), outputs);
    return packer.take();
  });
}

PackedInt8 pack_int8_outputs(const Int8Dot& dot, const PanelShape& panel,
                             std::span<const float> weight, std::int64_t outputs) {
  PanelShape places = panel;
  places.terms = 1;
  return pack_int8(dot, weight, panel, pack_outputs(places, row_numbers(outputs), outputs).span());
}

}  // namespace carousel::simd
