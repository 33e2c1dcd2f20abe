// SPDX-License-Identifier: Apache-2.0
#pragma once

// Vector tanh and sigmoid of several vectors together. A recurrent step waits for a chain of
// dependent operations, so the chains of independent vectors are interleaved for the CPU to
// overlap.
//
// `minimum` and `maximum` return their second operand when one is NaN, so NaN inputs pass through.

#include "backends/xsimd/isa/kernel_config.hpp"

#if defined(__AVX512F__)
#include "backends/xsimd/isa/kernel_tanh_table.hpp"
#endif

namespace carousel::simd {
namespace {

enum class Function { tanh, sigmoid };

/// Which function is applied to each of N vectors: tanh by default.
template <int N>
struct Functions {
  Function of[N] = {};
  /// The factor of x in σ(x) = 1/2 + tanh(x/2)/2
  [[nodiscard]] constexpr float scale(int n) const {
    return of[n] == Function::sigmoid ? 0.5F : 1.0F;
  }
};

#if defined(__AVX512F__)

// AVX-512 looks 16 floats up in one instruction, so a table of polynomials (see tanh_table.py) is
// quicker than a division, and more accurate: tanh within 1.1 ULP, |tanh| <= 1.
// σ(x) = 1/2 + tanh(x/2)/2.

CAROUSEL_INLINE Batch look_up(int row, __m512i index) {
  return _mm512_permutexvar_ps(index, _mm512_load_ps(kTanhTable[row]));
}

/// Computes x[n] = functions.of[n](x[n]).
template <int N, Functions<N> functions>
CAROUSEL_INLINE void activate(Batch (&x)[N]) {
  Batch a[N];
  Batch t[N];
  Batch r[N];
  __m512i index[N];
#define CAROUSEL_EACH _Pragma("GCC unroll 8") for (int n = 0; n < N; ++n)
  CAROUSEL_EACH a[n] = _mm512_min_ps(Batch(kTableLimit / functions.scale(n)), _mm512_abs_ps(x[n]));
  CAROUSEL_EACH t[n] = xsimd::fma(a[n], Batch(kTableScale * functions.scale(n)), Batch(0.5F));
  CAROUSEL_EACH index[n] = _mm512_srli_epi32(_mm512_castps_si512(t[n]), 21);
  CAROUSEL_EACH t[n] = xsimd::fms(a[n], Batch(functions.scale(n)), look_up(0, index[n]));
  CAROUSEL_EACH r[n] = look_up(kTableDegree + 1, index[n]);
#pragma GCC unroll 8
  for (int power = kTableDegree - 1; power >= 0; --power) {
    CAROUSEL_EACH r[n] = xsimd::fma(r[n], t[n], look_up(power + 1, index[n]));
  }
  const __m512i sign = _mm512_set1_epi32(static_cast<int>(0x80000000U));
  constexpr int kThirdWhereSet = 0xD8;  // r where `sign` has a 0, x where it has a 1
  CAROUSEL_EACH x[n] = _mm512_castsi512_ps(_mm512_ternarylogic_epi32(
      _mm512_castps_si512(r[n]), _mm512_castps_si512(x[n]), sign, kThirdWhereSet));
  CAROUSEL_EACH {
    if (functions.of[n] == Function::sigmoid) x[n] = xsimd::fma(x[n], Batch(0.5F), Batch(0.5F));
  }
#undef CAROUSEL_EACH
}

#else

// σ(x) = 1 / (e^-x + 1). |tanh(x)| = 1 - 2 / (e^2|x| + 1), but where x is small x + x³ P(x²): the
// difference would lose its digits. e^y = 2^n 2^f with n the integer nearest to y log2(e), and a
// polynomial for 2^f. See exp_coefficients.py; the errors are those of its roundings.

constexpr float kLog2E = 1.44269504F;
constexpr float kTanhLimit = 9.02F;     // beyond, tanh rounds to ±1
constexpr float kSigmoidLimit = 87.0F;  // keeps e^x and e^-x normal
constexpr float kSmall = 0.625F;
/// Adding it rounds to an integer n and leaves n + 127, the exponent of 2^n, in the lowest bits.
constexpr float kRounder = 0x1.8p23F + 127.0F;
constexpr float kExp2[7] = {1.0F,           0.693147182F,  0.240226477F,   0.0555033237F,
                            0.00961843692F, 0.0013398875F, 0.000153533605F};
constexpr float kSmallTanh[5] = {-0.333332807F, 0.133314416F, -0.0537397154F, 0.0206390861F,
                                 -0.00570498453F};

CAROUSEL_INLINE Batch power_of_two(Batch rounded) {
  return xsimd::bitwise_cast<float>(xsimd::bitwise_cast<std::int32_t>(rounded) << 23);
}

/// Computes x[n] = functions.of[n](x[n]).
template <int N, Functions<N> functions>
CAROUSEL_INLINE void activate(Batch (&x)[N]) {
  Batch magnitude[N];
  Batch a[N];
  Batch e[N];
#define CAROUSEL_EACH _Pragma("GCC unroll 8") for (int n = 0; n < N; ++n)
#define CAROUSEL_SIGMOID (functions.of[n] == Function::sigmoid)
  CAROUSEL_EACH magnitude[n] = xsimd::abs(x[n]);
  CAROUSEL_EACH {
    a[n] = CAROUSEL_SIGMOID ? maximum(Batch(-kSigmoidLimit), minimum(Batch(kSigmoidLimit), x[n]))
                            : minimum(Batch(kTanhLimit), magnitude[n]);
  }
  Batch rounded[N];
  Batch factor[N];
  CAROUSEL_EACH factor[n] = Batch(CAROUSEL_SIGMOID ? -kLog2E : 2 * kLog2E);
  CAROUSEL_EACH rounded[n] = xsimd::fma(a[n], factor[n], Batch(kRounder));
  CAROUSEL_EACH a[n] = xsimd::fms(a[n], factor[n], rounded[n] - Batch(kRounder));
  CAROUSEL_EACH e[n] = Batch(kExp2[6]);
#pragma GCC unroll 6
  for (int i = 5; i >= 0; --i) {
    CAROUSEL_EACH e[n] = xsimd::fma(e[n], a[n], Batch(kExp2[i]));
  }
  CAROUSEL_EACH e[n] = xsimd::fma(e[n], power_of_two(rounded[n]), Batch(1.0F));
  CAROUSEL_EACH e[n] = divide(Batch(CAROUSEL_SIGMOID ? 1.0F : 2.0F), e[n]);
  Batch square[N];
  CAROUSEL_EACH square[n] = x[n] * x[n];
  CAROUSEL_EACH a[n] = Batch(kSmallTanh[4]);
#pragma GCC unroll 4
  for (int i = 3; i >= 0; --i) {
    CAROUSEL_EACH if (!CAROUSEL_SIGMOID) {
      a[n] = xsimd::fma(a[n], square[n], Batch(kSmallTanh[i]));
    }
  }
  CAROUSEL_EACH {
    if (CAROUSEL_SIGMOID) {
      x[n] = e[n];
    } else {
      const Batch small = xsimd::fma(x[n] * square[n], a[n], x[n]);
      const Batch large = (Batch(1.0F) - e[n]) | xsimd::bitofsign(x[n]);
      x[n] = xsimd::select(magnitude[n] < Batch(kSmall), small, large);
    }
  }
#undef CAROUSEL_SIGMOID
#undef CAROUSEL_EACH
}

#endif

inline Batch tanh(Batch x) {
  Batch one[1] = {x};
  activate<1, Functions<1>{}>(one);
  return one[0];
}

/// `gate`, which is σ(a), but exactly 0 where a is -Inf: `activate` leaves as much as a rounding of
/// 1/2, which would let an infinity pass.
CAROUSEL_INLINE Batch shut_by_infinity(Batch gate, Batch a) {
  return xsimd::select(a == Batch(-__builtin_inff()), Batch(0.0F), gate);
}

inline Batch sigmoid(Batch x) {
  Batch one[1] = {x};
  activate<1, Functions<1>{{Function::sigmoid}}>(one);
  return one[0];
}

}  // namespace
}  // namespace carousel::simd
