// SPDX-License-Identifier: Apache-2.0
#pragma once

// Activation functions of numbers that stand side by side, for layers of activations and for
// layers that apply one to their outputs.

#include "backends/xsimd/isa/kernel_activations.hpp"
#include "backends/xsimd/isa/kernel_rows.hpp"

namespace carousel::simd {
namespace {

/// y[i] = function(x[i])
template <class Function>
CAROUSEL_INLINE void map(const float* x, float* y, std::int64_t count, Function function) {
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    function(Batch::load_unaligned(x + i)).store_unaligned(y + i);
  }
  if (i == count) return;
  alignas(64) float rest[kWidth] = {};
  copy(rest, x + i, count - i);
  store_some(y + i, function(Batch::load_aligned(rest)), count - i);
}

/// N vectors of one function.
template <int N, Function kFunction>
constexpr Functions<N> all_of() {
  Functions<N> functions{};
  for (Function& each : functions.of) each = kFunction;
  return functions;
}

/// y[i] = function(x[i]) for whole steps of N vectors from `i` on; returns where they end.
template <int N, Function kFunction>
CAROUSEL_INLINE std::int64_t map_together(const float* x, float* y, std::int64_t count,
                                          std::int64_t i) {
  for (; i + N * kWidth <= count; i += N * kWidth) {
    Batch v[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) v[n] = Batch::load_unaligned(x + i + n * kWidth);
    activate<N, all_of<N, kFunction>()>(v);
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) v[n].store_unaligned(y + i + n * kWidth);
  }
  return i;
}

/// A CPU does not look far enough ahead to overlap the chains of vectors that follow each other, so
/// several go together.
template <Function kFunction>
void map_function(const float* x, float* y, std::int64_t count) {
  const std::int64_t fours = map_together<4, kFunction>(x, y, count, 0);
  const std::int64_t done = map_together<2, kFunction>(x, y, count, fours);
  map(x + done, y + done, count - done,
      [](Batch v) { return kFunction == Function::tanh ? tanh(v) : sigmoid(v); });
}

inline void activate(const Activation& function, const float* x, float* y, std::int64_t count) {
  switch (function.kind) {
    case ActivationKind::sigmoid: return map_function<Function::sigmoid>(x, y, count);
    case ActivationKind::tanh: return map_function<Function::tanh>(x, y, count);
    default: return map(x, y, count, [&](Batch v) { return evaluate(function, v); });
  }
}

}  // namespace
}  // namespace carousel::simd
