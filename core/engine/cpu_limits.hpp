// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cpu.hpp>

#include <string_view>

/// What developers may hide of a CPU, to run and test what other CPUs do.
namespace carousel {

/// Without the features beyond an instruction set of x86, "sse2", "avx2" or "avx512", or without
/// those beyond "neon", which are SVE. Empty: `features` as they are. Throws Error for another
/// name.
[[nodiscard]] CpuFeatures with_max_isa(CpuFeatures features, std::string_view isa);

/// With other cache sizes: those of L1d, L2 and L3, as "32K,512K,16M". A size is a whole number of
/// bytes, KiB (K) or MiB (M). Empty: `features` as they are. Throws Error for another text, and
/// for sizes that do not grow from L1d to L3.
[[nodiscard]] CpuFeatures with_cache_sizes(CpuFeatures features, std::string_view sizes);

/// What the environment variables CAROUSEL_MAX_ISA and CAROUSEL_CACHE_SIZES leave of `features`.
/// Throws Error naming the variable.
[[nodiscard]] CpuFeatures limited_by_environment(CpuFeatures features);

/// For benchmarks and tests: as long as it lives, `cpu()` tells other cache sizes, so that layers
/// and streams made meanwhile follow the rules for those. No other thread may call `cpu()`
/// meanwhile.
class AssumedCaches {
 public:
  /// `sizes` as in `with_cache_sizes`, which says what it throws.
  explicit AssumedCaches(std::string_view sizes);
  AssumedCaches(const AssumedCaches&) = delete;
  AssumedCaches& operator=(const AssumedCaches&) = delete;
  ~AssumedCaches();

 private:
  CpuFeatures real_;
};

}  // namespace carousel
