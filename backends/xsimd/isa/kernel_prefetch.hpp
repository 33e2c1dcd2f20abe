// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a tile prefetches while it multiplies: the template argument AnyPrefetch of `multiply`,
// whose `fetch` is called once for each term. Addresses may be behind the end of a matrix: a
// prefetch reads nothing there.

#include "backends/xsimd/isa/kernel_config.hpp"

namespace carousel::simd {
namespace {

struct NoPrefetch {
  template <bool>
  CAROUSEL_INLINE void fetch() {}
};

/// For each term the cache line at `at` and, where a step is wider than a line, the one after it,
/// into the nearest cache or into the second one.
template <bool kNear>
struct PrefetchShare {
  const Panel::Element* at;
  std::int64_t step;  ///< elements from one term to the next

  template <bool kWide>
  CAROUSEL_INLINE void fetch() {
    __builtin_prefetch(at, 0, kNear ? 3 : 2);
    if constexpr (kWide) {
      __builtin_prefetch(at + (step > kLineFloats ? kLineFloats : 0), 0, kNear ? 3 : 2);
    }
    at += step;
  }
};

/// For each term all cache lines of a step of so many elements, into the nearest cache.
template <std::int64_t kStep>
struct PrefetchTerm {
  const Panel::Element* at;

  template <bool>
  CAROUSEL_INLINE void fetch() {
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < kStep; i += kLineFloats) __builtin_prefetch(at + i);
    at += kStep;
  }
};

/// How many elements of the weights that are worked on next each row of a tile prefetches for each
/// term, so that all tiles together have fetched them in the end, and evenly: the farther cache has
/// no more to give.
struct PrefetchRate {
  static constexpr int kShift = 8;
  std::int64_t elements = 0;  ///< times 2^kShift
};

template <std::int64_t kTerm>
CAROUSEL_INLINE PrefetchRate prefetch_rate(std::int64_t rows) {
  return {((kTerm << PrefetchRate::kShift) + rows - 1) / rows};
}

/// Lower tiles use the weights in the nearest cache so fast that others must not take their place.
template <int R>
constexpr bool kFetchesNear = 4 * R > 3 * kMaxRows;

/// The share of the tile of R rows from r0 on in prefetching the weights at `next`, while it goes
/// through so many terms.
template <int R>
CAROUSEL_INLINE PrefetchShare<kFetchesNear<R>> prefetch_share(const Panel::Element* next,
                                                              std::int64_t terms, PrefetchRate rate,
                                                              std::int64_t r0) {
  constexpr std::int64_t kRoundUp = (std::int64_t{1} << PrefetchRate::kShift) - 1;
  const std::int64_t step = (R * rate.elements + kRoundUp) >> PrefetchRate::kShift;
  const std::int64_t before = (r0 * terms * rate.elements) >> PrefetchRate::kShift;
  return {next + before, step < 2 * kLineFloats ? step : 2 * kLineFloats};
}

}  // namespace
}  // namespace carousel::simd
