// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "core/engine/aligned.hpp"

namespace carousel::simd {

/// What the packed arrays of one direction hold; see PackedLayer for the layouts.
struct RecurrentArrays {
  AlignedFloats weight_ih, weight_hh, bias, weight_hr, peephole;
  [[nodiscard]] std::size_t bytes() const noexcept {
    return weight_ih.bytes() + weight_hh.bytes() + bias.bytes() + weight_hr.bytes() +
           peephole.bytes();
  }
};

[[nodiscard]] RecurrentArrays pack_recurrent(const LayerSpec& spec, const WeightsView& weights,
                                             std::int64_t width);

/// weight [rows, columns] to [ceil(rows / 4W)][columns][4][W], rows padded with zeros.
[[nodiscard]] AlignedFloats pack_rows(std::span<const float> weight, std::int64_t rows,
                                      std::int64_t columns, std::int64_t width);

}  // namespace carousel::simd
