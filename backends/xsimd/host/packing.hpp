// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "backends/recurrent_weights.hpp"
#include "backends/xsimd/host/int8_packing.hpp"
#include "backends/xsimd/kernels.hpp"
#include "core/engine/aligned.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace carousel::simd {

/// The matrices of an int8 head, with their memory.
struct PackedInt8Matrices {
  PackedInt8 input, recurrent, projection;
  Int8Matrices matrices;

  [[nodiscard]] std::size_t bytes() const noexcept {
    return input.bytes() + recurrent.bytes() + projection.bytes();
  }
};

/// One head of a recurrent layer in one direction, packed, with the memory that `packed` points
/// into.
struct PackedHead {
  PackedLayer packed;
  AlignedFloats input, recurrent, projection, bias, peephole, norm_weight, norm_bias;
  std::unique_ptr<PackedInt8Matrices> int8;  ///< instead of the first three; null: not int8

  [[nodiscard]] std::size_t bytes() const noexcept {
    return input.bytes() + recurrent.bytes() + projection.bytes() + bias.bytes() +
           peephole.bytes() + norm_weight.bytes() + norm_bias.bytes() +
           (int8 == nullptr ? 0 : int8->bytes());
  }
};

/// `direction` is 0 or 1: which of the spec's activations. `head` is one of the spec's heads. With
/// an `int8` the matrices are packed for it.
[[nodiscard]] PackedHead pack_recurrent(const RecurrentSpec& spec, const RecurrentWeights& weights,
                                        std::size_t direction, std::int64_t head,
                                        std::int64_t width, const Int8Dot* int8);

/// The matrix of an `output_panel` in int8: weight [outputs, terms].
[[nodiscard]] PackedInt8 pack_int8_outputs(const Int8Dot& dot, const Panel& panel,
                                           std::span<const float> weight, std::int64_t outputs);

/// The weights of an `output_panel`: weight [outputs, terms], outputs padded with zeros.
[[nodiscard]] AlignedFloats pack_outputs(const Panel& panel, std::span<const float> weight,
                                         std::int64_t outputs);

}  // namespace carousel::simd
