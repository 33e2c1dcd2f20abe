// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/xsimd/panel.hpp"

#include <carousel/spec.hpp>

#include <cstdint>

/// The panels that a layer's matrices are packed into, without data.
namespace carousel::simd {

[[nodiscard]] constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// The units of one head.
[[nodiscard]] constexpr std::int64_t head_units(const RecurrentSpec& spec) {
  return spec.hidden_size / spec.heads;
}

/// Whether the kernels have code specialized for the layer's cell, in which sums stay in registers.
[[nodiscard]] bool has_own_steps(const RecurrentSpec& spec);

/// The panel of a matrix whose outputs are no gates, in blocks of four neighbouring vectors.
[[nodiscard]] Panel output_panel(std::int64_t outputs, std::int64_t terms, std::int64_t width);

/// The panel of a matrix of all gates of a head.
[[nodiscard]] Panel gate_panel(const RecurrentSpec& spec, std::int64_t terms, std::int64_t width);

[[nodiscard]] Panel input_panel(const RecurrentSpec& spec, std::int64_t width);
[[nodiscard]] Panel recurrent_panel(const RecurrentSpec& spec, std::int64_t width);

/// Whether the gates of a block of units are interleaved; else a block has four neighbouring
/// vectors of one gate.
[[nodiscard]] bool interleaves_gates(const RecurrentSpec& spec);

/// Bytes of one head's packed matrices, without that of the projection.
[[nodiscard]] std::int64_t matrix_bytes(const RecurrentSpec& spec, std::int64_t width);

}  // namespace carousel::simd
