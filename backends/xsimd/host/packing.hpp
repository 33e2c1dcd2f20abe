// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "backends/recurrent_weights.hpp"
#include "backends/xsimd/host/int8_packing.hpp"
#include "backends/xsimd/host/panels.hpp"
#include "backends/xsimd/kernels.hpp"
#include "core/engine/aligned.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>

namespace carousel::simd {

/// The elements of a panel, in the type of its policy.
using PackedMatrix = std::variant<AlignedFloats, Aligned<std::uint16_t>>;

[[nodiscard]] inline const void* data_of(const PackedMatrix& matrix) noexcept {
  return std::visit([](const auto& elements) -> const void* { return elements.data(); }, matrix);
}
[[nodiscard]] inline std::size_t bytes_of(const PackedMatrix& matrix) noexcept {
  return std::visit([](const auto& elements) { return elements.bytes(); }, matrix);
}

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
  PackedMatrix input, recurrent, projection;
  std::unique_ptr<PackedInt8Matrices> int8;  ///< in int8, instead of these three
  AlignedFloats bias, peephole, norm_weight, norm_bias;

  [[nodiscard]] std::size_t bytes() const noexcept {
    return bytes_of(input) + bytes_of(recurrent) + bytes_of(projection) + bias.bytes() +
           peephole.bytes() + norm_weight.bytes() + norm_bias.bytes() +
           (int8 == nullptr ? 0 : int8->bytes());
  }
};

/// `direction` is 0 or 1: which of the spec's activations. `head` is one of the spec's heads. In
/// int8 the matrices are packed for `dot`.
[[nodiscard]] PackedHead pack_recurrent(const RecurrentSpec& spec, const RecurrentWeights& weights,
                                        std::size_t direction, std::int64_t head,
                                        const WeightFormat& format, const Int8Dot* dot = nullptr);

/// The numbers of an `output_panel`: weight [outputs, terms], outputs padded with zeros.
[[nodiscard]] AlignedFloats pack_outputs(const PanelShape& panel, std::span<const float> weight,
                                         std::int64_t outputs);

/// The same as a matrix of weights in the policy of a precision.
[[nodiscard]] PackedMatrix pack_output_matrix(const PanelShape& panel,
                                              std::span<const float> weight, std::int64_t outputs,
                                              Precision precision);

/// The same in int8.
[[nodiscard]] PackedInt8 pack_int8_outputs(const Int8Dot& dot, const PanelShape& panel,
                                           std::span<const float> weight, std::int64_t outputs);

}  // namespace carousel::simd
