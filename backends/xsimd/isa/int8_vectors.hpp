// SPDX-License-Identifier: Apache-2.0
#pragma once

// The instruction that multiplies int8 numbers, one structure for each that CPUs have:
//
// - Weights: a vector of weights, prepared for several rows
// - Row: a row's group of four terms, in all lanes
// - add: sums + products, four for each lane
// - kRowBits: what the bytes of a quantized row are xored with
// - kHasStart: whether add adds something that depends on the weights alone as well, for which
//   the sums' start makes up
//
// All sums are exact. vpdpbusd wraps around and has one unsigned operand: the row + 128.
// vpmaddubsw adds two products in 16 bits, with saturation. Its unsigned operand is the weights'
// magnitude, up to 127; the other one is the row, or its negative where the weight is negative:
// 2 * 127 * 127 < 32768. AVX2 without VNNI has other ways (int8_avx2.hpp).

#include "backends/xsimd/int8_dot.hpp"
#include "backends/xsimd/isa/kernel_config.hpp"

#include <cstring>

namespace carousel::simd {
namespace {

using Ints = xsimd::batch<std::int32_t, Arch>;

CAROUSEL_INLINE std::int32_t load_group(const std::int8_t* from) {
  std::int32_t group;
  std::memcpy(&group, from, sizeof(group));
  return group;
}

#if defined(__AVX512VNNI__)

struct DotProducts {
  static constexpr const char* kName = "vpdpbusd";
  static constexpr std::uint8_t kRowBits = 0x80;
  static constexpr bool kHasStart = true;
  using Weights = __m512i;
  using Row = __m512i;

  CAROUSEL_INLINE static Weights load(const Int8Group* from) { return _mm512_load_si512(from); }
  CAROUSEL_INLINE static Row row(const std::int8_t* from) {
    return _mm512_set1_epi32(load_group(from));
  }
  CAROUSEL_INLINE static Ints add(Ints sums, Weights w, Row row) {
    return _mm512_dpbusd_epi32(sums, row, w);
  }
};

#elif defined(__AVXVNNI__)

struct DotProducts {
  static constexpr const char* kName = "vpdpbusd";
  static constexpr std::uint8_t kRowBits = 0x80;
  static constexpr bool kHasStart = true;
  using Weights = __m256i;
  using Row = __m256i;

  CAROUSEL_INLINE static Weights load(const Int8Group* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  CAROUSEL_INLINE static Row row(const std::int8_t* from) {
    return _mm256_set1_epi32(load_group(from));
  }
  CAROUSEL_INLINE static Ints add(Ints sums, Weights w, Row row) {
    return _mm256_dpbusd_avx_epi32(sums, row, w);
  }
};

#elif defined(__AVX512BW__)

struct DotProducts {
  static constexpr const char* kName = "vpmaddubsw";
  static constexpr std::uint8_t kRowBits = 0;
  static constexpr bool kHasStart = false;
  struct Weights {
    __m512i magnitudes;
    __mmask64 negative;
  };
  using Row = __m512i;

  CAROUSEL_INLINE static Weights load(const Int8Group* from) {
    const __m512i w = _mm512_load_si512(from);
    return {_mm512_abs_epi8(w), _mm512_movepi8_mask(w)};
  }
  CAROUSEL_INLINE static Row row(const std::int8_t* from) {
    return _mm512_set1_epi32(load_group(from));
  }
  CAROUSEL_INLINE static Ints add(Ints sums, const Weights& w, Row row) {
    const __m512i zero = _mm512_setzero_si512();
    const __m512i with_signs = _mm512_mask_sub_epi8(row, w.negative, zero, row);
    const __m512i pairs = _mm512_maddubs_epi16(w.magnitudes, with_signs);
    return _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
  }
};

#elif defined(__AVX2__)

#define CAROUSEL_INT8_AVX2 1

/// All else is in int8_avx2.hpp.
struct DotProducts {
  static constexpr const char* kName = "vpmaddubsw, vpmaddwd";
  static constexpr std::uint8_t kRowBits = 0;
  static constexpr bool kHasStart = true;
};

#elif defined(__SSE2__)

/// The first and third term of each group as int16, and the second and fourth.
struct DotProducts {
  static constexpr const char* kName = "pmaddwd";
  static constexpr std::uint8_t kRowBits = 0;
  static constexpr bool kHasStart = false;
  struct Weights {
    __m128i even;
    __m128i odd;
  };
  using Row = Weights;

  CAROUSEL_INLINE static Weights widen(__m128i v) {
    return {_mm_srai_epi16(_mm_slli_epi16(v, 8), 8), _mm_srai_epi16(v, 8)};
  }
  CAROUSEL_INLINE static Weights load(const Int8Group* from) {
    return widen(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
  }
  CAROUSEL_INLINE static Row row(const std::int8_t* from) {
    return widen(_mm_set1_epi32(load_group(from)));
  }
  CAROUSEL_INLINE static Ints add(Ints sums, const Weights& w, const Row& row) {
    const __m128i even = _mm_add_epi32(sums, _mm_madd_epi16(w.even, row.even));
    return _mm_add_epi32(even, _mm_madd_epi16(w.odd, row.odd));
  }
};

#elif defined(__ARM_FEATURE_SVE)

struct DotProducts {
  static constexpr const char* kName = "sdot";
  static constexpr std::uint8_t kRowBits = 0;
  static constexpr bool kHasStart = false;
  using Weights = xsimd::batch<std::int8_t, Arch>;
  using Row = Weights;

  CAROUSEL_INLINE static Weights load(const Int8Group* from) {
    return svld1_s8(svptrue_b8(), from->terms);
  }
  CAROUSEL_INLINE static Row row(const std::int8_t* from) {
    return svreinterpret_s8_s32(svdup_n_s32(load_group(from)));
  }
  CAROUSEL_INLINE static Ints add(Ints sums, Weights w, Row row) { return svdot_s32(sums, w, row); }
};

#elif defined(__ARM_FEATURE_DOTPROD)

struct DotProducts {
  static constexpr const char* kName = "sdot";
  static constexpr std::uint8_t kRowBits = 0;
  static constexpr bool kHasStart = false;
  using Weights = int8x16_t;
  using Row = int8x16_t;

  CAROUSEL_INLINE static Weights load(const Int8Group* from) { return vld1q_s8(from->terms); }
  CAROUSEL_INLINE static Row row(const std::int8_t* from) {
    return vreinterpretq_s8_s32(vdupq_n_s32(load_group(from)));
  }
  CAROUSEL_INLINE static Ints add(Ints sums, Weights w, Row row) { return vdotq_s32(sums, w, row); }
};

#elif defined(__aarch64__)

struct DotProducts {
  static constexpr const char* kName = "smull";
  static constexpr std::uint8_t kRowBits = 0;
  static constexpr bool kHasStart = false;
  using Weights = int8x16_t;
  using Row = int8x16_t;

  CAROUSEL_INLINE static Weights load(const Int8Group* from) { return vld1q_s8(from->terms); }
  CAROUSEL_INLINE static Row row(const std::int8_t* from) {
    return vreinterpretq_s8_s32(vdupq_n_s32(load_group(from)));
  }
  CAROUSEL_INLINE static Ints add(Ints sums, Weights w, Row row) {
    const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(row)));
    const int32x4_t high = vpaddlq_s16(vmull_high_s8(w, row));
    return vaddq_s32(sums, vpaddq_s32(low, high));
  }
};

#elif defined(__wasm_simd128__)

/// The first and third term of each group as int16, and the second and fourth.
struct DotProducts {
  static constexpr const char* kName = "i32x4.dot_i16x8_s";
  static constexpr std::uint8_t kRowBits = 0;
  static constexpr bool kHasStart = false;
  struct Weights {
    v128_t even;
    v128_t odd;
  };
  using Row = Weights;

  CAROUSEL_INLINE static Weights widen(v128_t v) {
    return {wasm_i16x8_shr(wasm_i16x8_shl(v, 8), 8), wasm_i16x8_shr(v, 8)};
  }
  CAROUSEL_INLINE static Weights load(const Int8Group* from) { return widen(wasm_v128_load(from)); }
  CAROUSEL_INLINE static Row row(const std::int8_t* from) {
    return widen(wasm_i32x4_splat(load_group(from)));
  }
  CAROUSEL_INLINE static Ints add(Ints sums, const Weights& w, const Row& row) {
    const v128_t even = wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(w.even, row.even));
    return wasm_i32x4_add(even, wasm_i32x4_dot_i16x8(w.odd, row.odd));
  }
};

#endif

#if !defined(CAROUSEL_INT8_AVX2)
#define CAROUSEL_INT8_AVX2 0
#endif

}  // namespace
}  // namespace carousel::simd
