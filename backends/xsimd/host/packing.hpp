// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "backends/recurrent_weights.hpp"
#include "backends/xsimd/kernels.hpp"
#include "core/engine/aligned.hpp"

#include <cstddef>
#include <span>

namespace carousel::simd {

/// One head of a recurrent layer in one direction, packed, with the memory that `packed` points
/// into.
struct PackedHead {
  PackedLayer packed;
  AlignedFloats input, recurrent, projection, bias, peephole, norm_weight, norm_bias;

  [[nodiscard]] std::size_t bytes() const noexcept {
    return input.bytes() + recurrent.bytes() + projection.bytes() + bias.bytes() +
           peephole.bytes() + norm_weight.bytes() + norm_bias.bytes();
  }
};

/// `direction` is 0 or 1: which of the spec's activations. `head` is one of the spec's heads.
[[nodiscard]] PackedHead pack_recurrent(const RecurrentSpec& spec, const RecurrentWeights& weights,
                                        std::size_t direction, std::int64_t head,
                                        std::int64_t width);

/// The weights of an `output_panel`: weight [outputs, terms], outputs padded with zeros.
[[nodiscard]] AlignedFloats pack_outputs(const Panel& panel, std::span<const float> weight,
                                         std::int64_t outputs);

}  // namespace carousel::simd
