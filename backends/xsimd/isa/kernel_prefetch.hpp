// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a tile prefetches while it multiplies: the template argument AnyPrefetch of `multiply`,
// whose `fetch` is called once for each term. Addresses may be behind the end of an array: a
// prefetch instruction never faults.

#include "backends/xsimd/isa/kernel_config.hpp"

namespace carousel::simd {
namespace {

/// Weights of a cache line.
template <class Element>
constexpr std::int64_t kLineElements = kLineFloats * sizeof(float) / sizeof(Element);

struct NoPrefetch {
  template <bool>
  CAROUSEL_INLINE void fetch() {}
};

/// Prefetches for each term the cache line at `at` and, where `step` is more than a line, the line
/// after it, into the L1 cache or else into the L2 cache.
template <bool kNear, class Element>
struct PrefetchShare {
  const Element* at;
  std::int64_t step;  ///< elements from one term to the next

  template <bool kWide>
  CAROUSEL_INLINE void fetch() {
    __builtin_prefetch(at, 0, kNear ? 3 : 2);
    if constexpr (kWide) {
      constexpr std::int64_t kLine = kLineElements<Element>;
      __builtin_prefetch(at + (step > kLine ? kLine : 0), 0, kNear ? 3 : 2);
    }
    at += step;
  }
};

/// Prefetches for each term all cache lines of a step of `kStep` elements into the L1 cache.
template <std::int64_t kStep, class Element>
struct PrefetchTerm {
  const Element* at;

  template <bool>
  CAROUSEL_INLINE void fetch() {
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < kStep; i += kLineElements<Element>) {
      __builtin_prefetch(at + i);
    }
    at += kStep;
  }
};

/// How many elements of the weights that are used next each row of a tile prefetches for each term,
/// so that all tiles together prefetch all of them. The rate is constant because the bandwidth of
/// the cache that they come from is the limit.
struct PrefetchRate {
  static constexpr int kShift = 8;
  std::int64_t elements = 0;  ///< times 2^kShift
};

template <std::int64_t kTerm>
CAROUSEL_INLINE PrefetchRate prefetch_rate(std::int64_t rows) {
  return {((kTerm << PrefetchRate::kShift) + rows - 1) / rows};
}

/// Whether a tile of R rows prefetches into the L1 cache. Tiles of few rows prefetch into the L2
/// cache: they use up the weights in L1 so fast that others must not replace these.
template <int R>
constexpr bool kFetchesNear = 4 * R > 3 * kMaxRows;

/// The part of the weights at `next` that the tile of R rows from r0 on prefetches while it goes
/// through so many terms.
template <int R, class Element>
CAROUSEL_INLINE PrefetchShare<kFetchesNear<R>, Element> prefetch_share(const Element* next,
                                                                       std::int64_t terms,
                                                                       PrefetchRate rate,
                                                                       std::int64_t r0) {
  constexpr std::int64_t kMost = 2 * kLineElements<Element>;
  constexpr std::int64_t kRoundUp = (std::int64_t{1} << PrefetchRate::kShift) - 1;
  const std::int64_t step = (R * rate.elements + kRoundUp) >> PrefetchRate::kShift;
  const std::int64_t before = (r0 * terms * rate.elements) >> PrefetchRate::kShift;
  return {next + before, step < kMost ? step : kMost};
}

/// Prefetches the inputs of the next step if a step has more of them than the hardware prefetches
/// by itself. The tiles of each block prefetch a share of their rows' inputs. After the last step
/// the addresses are behind the end of x.
struct NextInputs {
  static constexpr std::int64_t kMany = 4096;  ///< floats of a step, from which it pays
  std::int64_t step;   ///< floats from the inputs of a row to those of its next step
  std::int64_t share;  ///< floats of a row that the tile of one block prefetches

  NextInputs(const RecurrentJob& job, std::int64_t active)
      : step(job.backwards ? -job.x.step_stride : job.x.step_stride), share(0) {
    const PanelShape& input = job.weights->input;
    if (active * input.terms <= kMany) return;
    const std::int64_t lines = (input.terms + kLineFloats - 1) / kLineFloats;
    share = (lines + input.blocks - 1) / input.blocks * kLineFloats;
  }

  template <int R>
  CAROUSEL_INLINE void fetch(const float* const* inputs, std::int64_t r0,
                             std::int64_t block) const {
    for (int r = 0; r < R; ++r) {
      const float* next = inputs[r0 + r] + step + block * share;
      for (std::int64_t i = 0; i < share; i += kLineFloats) __builtin_prefetch(next + i, 0, 2);
    }
  }
};

}  // namespace
}  // namespace carousel::simd
