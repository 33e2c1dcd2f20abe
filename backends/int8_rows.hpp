// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

/// How rows of numbers become int8, in plain C++. The kernels of xsimd do the same to the bit.
namespace carousel::int8 {

/// Rows whose largest magnitude is less than this count as zeros, so that neither a scale nor its
/// reciprocal is a denormal number or infinite.
inline constexpr float kLeastMagnitude = 0x1p-119F;

/// The largest magnitude of a quantized number. -128 is not used.
inline constexpr float kLargest = 127.0F;

/// The most terms of a sum: terms * 127 * 127 must fit into an int32.
inline constexpr std::int64_t kMostTerms = 133'144;

/// Quantizes a row, symmetrically and without a zero point:
///
///     scale = max |v| / 127        q = v * (127 / max |v|), rounded to the nearest, ties to even
///
/// all in float32. Returns the scale. A row of zeros (see `kLeastMagnitude`) has the scale 0 and
/// zeros; one with an element that is infinite or NaN has the scale NaN and zeros, so that all that
/// is computed from it is NaN. `to` has as many elements as `row`.
[[nodiscard]] float quantize(std::span<const float> row, std::int8_t* to) noexcept;

/// A pre-activation's next summand, added to `sum`:
///
///     sum + float(product) * (weight_scale * row_scale)
///
/// with a rounding to float32 after each operation, none of which are fused.
[[nodiscard]] inline float add_scaled(float sum, std::int32_t product, float weight_scale,
                                      float row_scale) noexcept {
  const float scale = weight_scale * row_scale;
  const float term = static_cast<float>(product) * scale;
  return sum + term;
}

}  // namespace carousel::int8
