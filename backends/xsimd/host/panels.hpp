// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/xsimd/panel.hpp"

#include <carousel/precision.hpp>
#include <carousel/spec.hpp>

#include <cstdint>

/// The shapes of the panels that a layer's matrices are packed into.
namespace carousel::simd {

[[nodiscard]] constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// How the weights of a panel are stored.
struct WeightFormat {
  std::int64_t width = 0;  ///< floats in a vector
  Precision precision = Precision::float32;

  /// Bytes of a weight.
  [[nodiscard]] constexpr std::int64_t bytes() const {
    if (precision == Precision::int8) return sizeof(std::int8_t);
    return precision == Precision::float32 ? sizeof(float) : sizeof(std::uint16_t);
  }
};

/// The units of one head.
[[nodiscard]] constexpr std::int64_t head_units(const RecurrentSpec& spec) {
  return spec.hidden_size / spec.heads;
}

/// Whether the kernels of float32 have code specialized for the layer's cell, in which sums stay in
/// registers.
[[nodiscard]] bool has_own_steps(const RecurrentSpec& spec);

/// The panel of a matrix whose outputs are no gates, in blocks of four neighbouring vectors.
[[nodiscard]] PanelShape output_panel(std::int64_t outputs, std::int64_t terms, std::int64_t width);

/// The panel of a matrix of all gates of a head.
[[nodiscard]] PanelShape gate_panel(const RecurrentSpec& spec, std::int64_t terms,
                                    const WeightFormat& format);

[[nodiscard]] PanelShape input_panel(const RecurrentSpec& spec, const WeightFormat& format);
[[nodiscard]] PanelShape recurrent_panel(const RecurrentSpec& spec, const WeightFormat& format);

/// Whether the gates of a block of units are interleaved; else a block has four neighbouring
/// vectors of one gate.
[[nodiscard]] bool interleaves_gates(const RecurrentSpec& spec);

/// Bytes of one head's packed matrices, without that of the projection.
[[nodiscard]] std::int64_t matrix_bytes(const RecurrentSpec& spec, const WeightFormat& format);

}  // namespace carousel::simd
