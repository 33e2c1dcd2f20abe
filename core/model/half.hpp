// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
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

/// The bits of the nearest number of a binary format of 16 bits, of which so many are the exponent
/// and the fraction. Ties go to the even one, what is too large to infinity.
template <int kExponent, int kFraction>
[[nodiscard]] inline std::uint16_t round_to_16_bits(double value) noexcept {
  constexpr int kBias = (1 << (kExponent - 1)) - 1;
  constexpr int kLeast = 1 - kBias;  // the exponent of subnormal numbers
  constexpr std::uint32_t kInfinity = ((1U << kExponent) - 1U) << kFraction;
  constexpr int kDoubleBias = 1023;
  constexpr int kDoubleFraction = 52;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto sign = static_cast<std::uint32_t>(bits >> 63U) << 15U;
  const int own = static_cast<int>(bits >> kDoubleFraction & 0x7FFU) - kDoubleBias;
  const int exponent = std::max(own, kLeast);
  std::uint32_t size = kInfinity;
  if (value != value) {
    size |= 1U << (kFraction - 1);
  } else if (exponent <= kBias) {
    // In units of the last place. The sum with 2^52 has no room for less: it rounds them.
    const auto scale = static_cast<std::uint64_t>(kDoubleBias + kFraction - exponent);
    const double units =
        (value < 0 ? -value : value) * std::bit_cast<double>(scale << kDoubleFraction);
    const double whole = (units + 0x1p52) - 0x1p52;
    // The leading one of a normal number adds 1 to the exponent.
    size = static_cast<std::uint32_t>(whole) +
           (static_cast<std::uint32_t>(exponent - kLeast) << static_cast<unsigned>(kFraction));
  }
  return static_cast<std::uint16_t>(sign | size);
}

/// The nearest IEEE 754 binary16; infinity from 65520 on.
[[nodiscard]] inline std::uint16_t half_from(double value) noexcept {
  return round_to_16_bits<5, 10>(value);
}

[[nodiscard]] inline std::uint16_t bfloat16_from(double value) noexcept {
  return round_to_16_bits<8, 7>(value);
}

}  // namespace carousel
