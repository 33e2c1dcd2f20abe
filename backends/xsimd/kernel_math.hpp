// SPDX-License-Identifier: Apache-2.0
#pragma once

// Vector tanh and sigmoid, several vectors side by side: what a recurrent step waits for is the
// chain of dependent operations, so independent chains are written interleaved for the CPU to
// overlap. Included by kernels.cpp only, inside its anonymous namespace.
//
// min and max return their second operand when one is NaN (on x86), so NaN inputs pass through.

enum class Function { tanh, sigmoid };

/// Which function each of N vectors takes: tanh unless said otherwise.
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

#include "backends/xsimd/kernel_tanh_table.hpp"

CAROUSEL_INLINE Batch look_up(int row, __m512i index) {
  return _mm512_permutexvar_ps(index, _mm512_load_ps(kTanhTable[row]));
}

/// x[n] = functions.of[n](x[n])
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

// tanh(x) ≈ x P(x²) / Q(x²) with P and Q of degree 4, a minimax fit of the relative error on
// [-9.02, 9.02] (2.1e-8 before rounding); beyond, tanh rounds to ±1. Made by an iteratively
// reweighted least-squares fit of tanh(x)/x on Chebyshev nodes. σ(x) = 1/2 + tanh(x/2)/2 uses the
// same coefficients, scaled by exact powers of two.

constexpr float kTanhLimit = 9.02F;
constexpr float kTanhP[5] = {1.0F, 0.13379715F, 0.003494032F, 2.0583439e-05F, 1.3319017e-08F};
constexpr float kTanhQ[5] = {1.0F, 0.4671303F, 0.025871063F, 0.00032830884F, 7.761996e-07F};

constexpr float power_of(float base, int exponent) {
  float result = 1.0F;
  for (; exponent > 0; --exponent) result *= base;
  return result;
}

/// x[n] = functions.of[n](x[n])
template <int N, Functions<N> functions>
CAROUSEL_INLINE void activate(Batch (&x)[N]) {
  Batch u[N];
  Batch p[N];
  Batch q[N];
#define CAROUSEL_EACH _Pragma("GCC unroll 8") for (int n = 0; n < N; ++n)
  CAROUSEL_EACH x[n] = xsimd::max(Batch(-kTanhLimit / functions.scale(n)), x[n]);
  CAROUSEL_EACH x[n] = xsimd::min(Batch(kTanhLimit / functions.scale(n)), x[n]);
  CAROUSEL_EACH u[n] = x[n] * x[n];
  CAROUSEL_EACH p[n] = Batch(kTanhP[4] * power_of(functions.scale(n), 8));
  CAROUSEL_EACH q[n] = Batch(kTanhQ[4] * power_of(functions.scale(n), 8));
#pragma GCC unroll 4
  for (int i = 3; i >= 0; --i) {
    CAROUSEL_EACH p[n] =
        xsimd::fma(p[n], u[n], Batch(kTanhP[i] * power_of(functions.scale(n), 2 * i)));
    CAROUSEL_EACH q[n] =
        xsimd::fma(q[n], u[n], Batch(kTanhQ[i] * power_of(functions.scale(n), 2 * i)));
  }
  CAROUSEL_EACH {
    const bool sigmoid = functions.of[n] == Function::sigmoid;
    const Batch odd = (sigmoid ? x[n] * Batch(0.25F) : x[n]) * p[n] / q[n];
    x[n] = sigmoid ? Batch(0.5F) + odd : odd;
  }
#undef CAROUSEL_EACH
}

#endif

/// x[n] = tanh(x[n]), in groups that the registers have room for.
template <int N>
CAROUSEL_INLINE void tanh_all(Batch* x) {
  if constexpr (N > 4) {
    tanh_all<N / 2>(x);
    tanh_all<N - N / 2>(x + N / 2);
  } else {
    Batch group[N];
    for (int n = 0; n < N; ++n) group[n] = x[n];
    activate<N, Functions<N>{}>(group);
    for (int n = 0; n < N; ++n) x[n] = group[n];
  }
}

inline Batch tanh(Batch x) {
  Batch one[1] = {x};
  activate<1, Functions<1>{}>(one);
  return one[0];
}

inline Batch sigmoid(Batch x) {
  Batch one[1] = {x};
  activate<1, Functions<1>{{Function::sigmoid}}>(one);
  return one[0];
}
