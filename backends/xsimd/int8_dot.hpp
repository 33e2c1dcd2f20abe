// SPDX-License-Identifier: Apache-2.0
#pragma once

// The integer part of int8 layers: rows of numbers are quantized, and multiplied with packed int8
// weights into int32 sums, which are exact. How a CPU does that best differs within an instruction
// set of floats (AVX-512 with and without VNNI), so these functions are tables of their own.
//
// Plain data only: objects compiled for different CPUs include this header (see kernels.hpp).

#include "backends/xsimd/panel.hpp"

#include <cstdint>

namespace carousel::simd {

/// The terms whose weights are neighbours in memory, since one instruction multiplies them.
constexpr std::int64_t kGroupTerms = 4;

/// The weights of a group of terms for one output.
struct Int8Group {
  std::int8_t terms[kGroupTerms];
};

/// The weight policy of int8. A term of an `Int8Panel` is a group of terms of the sums.
struct Int8Weights {
  using Element = Int8Group;
};

using Int8Panel = BasicPanel<Int8Weights>;

/// The bytes of a quantized row of so many terms: whole cache lines.
[[nodiscard, gnu::always_inline]] constexpr std::int64_t quantized_bytes(std::int64_t terms) {
  return (terms + 63) / 64 * 64;
}

/// What is added to weights that are stored as unsigned bytes.
constexpr int kWeightOffset = 128;

/// Where `has_pairs`, a row's bytes are followed by the same numbers as int16, from each of which
/// `kWeightOffset` is subtracted: for each group its first and third, then its second and fourth.
[[nodiscard, gnu::always_inline]] constexpr std::int64_t pairs_offset(std::int64_t terms) {
  return quantized_bytes(terms);
}
/// In a cache line behind the pairs are two int32: the negative of what the numbers of all pairs
/// come to, the first of a group times the second and the third times the fourth; and that of
/// `kWeightOffset` times the sum of all numbers.
[[nodiscard, gnu::always_inline]] constexpr std::int64_t row_sums_offset(std::int64_t terms) {
  return 3 * quantized_bytes(terms);
}

/// The products of quantized rows and some neighbouring blocks of a panel.
struct Int8Product {
  const Int8Group* weights = nullptr;  ///< the first block's
  /// [blocks][vectors][W]: what the sums begin with, where `has_start`
  const std::int32_t* start = nullptr;
  const std::int8_t* rows = nullptr;  ///< the first row, as `quantize` wrote it
  std::int64_t row_stride = 0;        ///< bytes
  std::int64_t groups = 0;            ///< of four terms
  std::int64_t vectors = 0;           ///< weight vectors of a block for each group, 1 to 4
  std::int64_t row_count = 0;
  std::int64_t block_count = 0;
  std::int32_t* sums = nullptr;  ///< [blocks][rows][vectors][W]; replaced
};

/// The table that each object of isa/int8_dot.cpp exports.
struct Int8Dot {
  const char* name;  ///< the instruction that multiplies
  /// Whether sums have to begin with `Int8Product::start`: the negative of what the sums of a row
  /// of zeros, which are not zeros then, come to when they begin with zeros.
  bool has_start;
  /// Whether rows are quantized to pairs as well, and weights stored with `kWeightOffset` added.
  bool has_pairs;
  /// Quantizes `count` numbers, which may be aligned to nothing, and fills `to`, which is aligned
  /// to a cache line and has `row_bytes(*this, count)`. Returns the scale (backends/int8_rows.hpp
  /// has the definition).
  float (*quantize)(const float* row, std::int64_t count, std::int8_t* to);
  void (*multiply)(const Int8Product& product);
};

/// The bytes of a quantized row with all that is stored of it.
[[nodiscard, gnu::always_inline]] inline std::int64_t row_bytes(const Int8Dot& dot,
                                                                std::int64_t terms) {
  constexpr std::int64_t kCacheLine = 64;
  return dot.has_pairs ? row_sums_offset(terms) + kCacheLine : quantized_bytes(terms);
}

#if defined(__x86_64__)
extern const Int8Dot int8_dot_sse2;
extern const Int8Dot int8_dot_avx2;
extern const Int8Dot int8_dot_avx2_vnni;
extern const Int8Dot int8_dot_avx512;
extern const Int8Dot int8_dot_avx512_vnni;
#elif defined(__aarch64__)
extern const Int8Dot int8_dot_neon;
extern const Int8Dot int8_dot_neon_dotprod;
extern const Int8Dot int8_dot_sve256;
extern const Int8Dot int8_dot_sve512;
#elif defined(__wasm__)
extern const Int8Dot int8_dot_wasm;
#endif

}  // namespace carousel::simd
