// SPDX-License-Identifier: Apache-2.0
#pragma once

// Vector tanh and sigmoid. Included by kernels.cpp only, inside its anonymous namespace.
//
// tanh(x) ≈ x P(x²) / Q(x²) with P and Q of degree 4, a minimax fit of the relative error on
// [-9.02, 9.02] (2.1e-8 before rounding); beyond, tanh rounds to ±1. Made by an iteratively
// reweighted least-squares fit of tanh(x)/x on Chebyshev nodes. Both polynomials run in parallel,
// which makes the chain of dependent operations short: that, not throughput, is what a small
// recurrent step waits for. σ(x) = 1/2 + tanh(x/2)/2 uses the same coefficients, scaled by exact
// powers of two.
//
// min and max return their second operand when one is NaN (on x86), so NaN inputs pass through.

constexpr float kTanhLimit = 9.02F;
constexpr float kTanhP[5] = {1.0F, 0.13379715F, 0.003494032F, 2.0583439e-05F, 1.3319017e-08F};
constexpr float kTanhQ[5] = {1.0F, 0.4671303F, 0.025871063F, 0.00032830884F, 7.761996e-07F};

/// c0 + u (c1 + u (c2 + u (c3 + u c4))), each coefficient times a power of `scale`.
inline Batch polynomial(const float (&c)[5], float scale, Batch u) {
  const float s2 = scale * scale;
  Batch r = xsimd::fma(Batch(c[4] * (s2 * s2)), u, Batch(c[3] * (s2 * scale)));
  r = xsimd::fma(r, u, Batch(c[2] * s2));
  r = xsimd::fma(r, u, Batch(c[1] * scale));
  return xsimd::fma(r, u, Batch(c[0]));
}

inline Batch clamp(Batch x, float limit) {
  return xsimd::min(Batch(limit), xsimd::max(Batch(-limit), x));
}

/// n / d for d in [1, 2^20].
inline Batch divide(Batch n, Batch d) {
#if defined(__AVX512F__)
  // A 14-bit reciprocal and one Newton step: a third of the time of a 512-bit division.
  const Batch r = _mm512_rcp14_ps(d);
  return n * xsimd::fma(r, xsimd::fnma(d, r, Batch(1.0F)), r);
#else
  return n / d;
#endif
}

inline Batch tanh(Batch x) {
  x = clamp(x, kTanhLimit);
  const Batch u = x * x;
  return divide(x * polynomial(kTanhP, 1.0F, u), polynomial(kTanhQ, 1.0F, u));
}

inline Batch sigmoid(Batch x) {
  x = clamp(x, 2.0F * kTanhLimit);
  const Batch u = x * x;
  const Batch n = (x * Batch(0.25F)) * polynomial(kTanhP, 0.25F, u);
  return Batch(0.5F) + divide(n, polynomial(kTanhQ, 0.25F, u));
}
