// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "backends/xsimd/kernels.hpp"
#include "core/engine/aligned.hpp"

#include <cstddef>
#include <span>

namespace carousel::simd {

/// One direction of a recurrent layer, packed, with the memory that `packed` points into.
struct PackedDirection {
  PackedLayer packed;
  AlignedFloats input, recurrent, projection, bias, peephole;

  [[nodiscard]] std::size_t bytes() const noexcept {
    return input.bytes() + recurrent.bytes() + projection.bytes() + bias.bytes() + peephole.bytes();
  }
};

/// `direction` is 0 or 1: which of the spec's activations.
[[nodiscard]] PackedDirection pack_recurrent(const LayerSpec& spec, const WeightsView& weights,
                                             std::size_t direction, std::int64_t width);

/// The weights of an `output_panel`: weight [outputs, terms], outputs padded with zeros.
[[nodiscard]] AlignedFloats pack_outputs(const Panel& panel, std::span<const float> weight,
                                         std::int64_t outputs);

}  // namespace carousel::simd
