// SPDX-License-Identifier: Apache-2.0
#pragma once

// LSTM with layer normalization. A step first computes the sums of all blocks, which begin with
// zero instead of the bias. Then, row by row, the gates are normalized over all units of the row,
// and the new states are computed.
//
// Mean and variance of a row are sums in one order: each lane of a vector adds its units,
// ascending, and then xsimd's tree adds the lanes. Each thread that needs them computes all of them
// itself, so they depend neither on the threads nor on how rows form tiles. Units of padding are
// masked out.

#include "backends/xsimd/isa/kernel_variants.hpp"

namespace carousel::simd {
namespace {

/// Mean and variance of each gate of a row, such that (p - mean) * factor has the mean 0 and the
/// variance 1.
struct Distribution {
  Batch mean[4];
  Batch factor[4];
};

/// The squares of larger sums may overflow: their distances from the mean are scaled.
constexpr float kLargeSum = 0x1p40F;
constexpr float kScaleOfLarge = 0x1p-64F;
constexpr float kLeastVariance = 0x1p-126F;

/// Calls `body(gate, sums)` for the vectors of sums of a row, those of padding set to `padding`.
template <class Body>
CAROUSEL_INLINE void for_each_gate(const PackedLayer& w, const float* sums,
                                   const Batch (&padding)[4], Body&& body) {
  alignas(64) float first_units[kWidth];
  for (std::int64_t i = 0; i < kWidth; ++i) first_units[i] = static_cast<float>(i);
  const Batch lane = Batch::load_aligned(first_units);
  for (std::int64_t unit = 0; unit < w.hidden_size; unit += kWidth, sums += 4 * kWidth) {
    const auto real = lane < Batch(static_cast<float>(w.hidden_size - unit));
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      body(v, xsimd::select(real, Batch::load_aligned(sums + v * kWidth), padding[v]));
    }
  }
}

inline Batch sum_of_lanes(Batch sum) { return Batch(xsimd::reduce_add(sum)); }

[[gnu::noinline]] inline Distribution distribution(const PackedLayer& w, const float* sums) {
  const Batch count(static_cast<float>(w.hidden_size));
  const Batch zero(0.0F);
  const Batch zeros[4] = {zero, zero, zero, zero};
  Distribution result;
  Batch total[4] = {zero, zero, zero, zero};
  Batch size[4] = {zero, zero, zero, zero};
  for_each_gate(w, sums, zeros, [&](int v, Batch p) {
    total[v] = total[v] + p;
    size[v] = maximum(size[v], xsimd::abs(p));
  });
  Batch scale[4];
  for (int v = 0; v < 4; ++v) {
    result.mean[v] = divide(sum_of_lanes(total[v]), count);
    scale[v] = Batch(xsimd::reduce_max(size[v]) > kLargeSum ? kScaleOfLarge : 1.0F);
  }
  Batch squares[4] = {zero, zero, zero, zero};
  for_each_gate(w, sums, result.mean, [&](int v, Batch p) {
    const Batch distance = (p - result.mean[v]) * scale[v];
    squares[v] = xsimd::fma(distance, distance, squares[v]);
  });
  for (int v = 0; v < 4; ++v) {
    const Batch variance = divide(sum_of_lanes(squares[v]), count);
    const Batch epsilon = Batch(w.norm_epsilon) * scale[v] * scale[v];
    const Batch deviation = square_root(variance + maximum(epsilon, Batch(kLeastVariance)));
    result.factor[v] = divide(scale[v], deviation);
  }
  return result;
}

/// Computes the new states, once the sums of all units are in memory. Members of the step group
/// share the rows, or if these are few the units.
template <class AnyCell>
void finish_normalized(const RecurrentJob& job, const Member& member, const float* sums,
                       std::int64_t s, std::int64_t active) {
  constexpr std::int64_t kRowsToShare = 4;
  const PackedLayer& w = *job.weights;
  const AnyCell cell(w);
  const bool by_rows = active >= kRowsToShare * member.count;
  const Range rows = by_rows ? share(active, member) : Range{0, active};
  const Range all{0, w.recurrent.blocks};
  const Range blocks = by_rows ? all : share(all, member);
  for (std::int64_t r = rows.first; r < rows.last; ++r) {
    const float* row = sums + r * sums_stride(w);
    const Distribution of_gates = distribution(w, row);
    for (std::int64_t block = blocks.first; block < blocks.last; ++block) {
      const std::int64_t at = sums_offset(block);
      Tile<1, 1> tile;
      load(tile, row + at, 0);
      for (int v = 0; v < 4; ++v) {
        Batch& gate = tile.acc[0][0][v];
        gate = xsimd::fma((gate - of_gates.mean[v]) * of_gates.factor[v],
                          Batch::load_aligned(w.norm_weight + at + v * kWidth),
                          Batch::load_aligned(w.norm_bias + at + v * kWidth));
      }
      update_units<false>(job, cell, tile, r, block, s);
    }
  }
}

}  // namespace
}  // namespace carousel::simd
