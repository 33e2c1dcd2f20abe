// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

namespace carousel {

/// IEEE 754 binary16 to binary32, exact for every value; NaN payloads are kept.
[[nodiscard]] constexpr float float_from_half(std::uint16_t half) noexcept {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  std::uint32_t exponent = (half >> 10U) & 0x1FU;
  std::uint32_t fraction = half & 0x3FFU;
  if (exponent == 0x1F) {  // infinity or NaN
    return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13U));
  }
  if (exponent == 0) {
    if (fraction == 0) {
      return std::bit_cast<float>(sign);
    }
    // Subnormal: shift the leading one into its implicit place; binary32 has exponents to spare.
    const auto shift = static_cast<std::uint32_t>(std::countl_zero(fraction)) - 21U;
    fraction = (fraction << shift) & 0x3FFU;
    exponent = 1U - shift;  // wraps below zero, and back in the sum below
  }
  return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (fraction << 13U));
}

/// bfloat16 is the upper half of a binary32.
[[nodiscard]] constexpr float float_from_bfloat16(std::uint16_t value) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16U);
}

}  // namespace carousel
