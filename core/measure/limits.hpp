// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/measure/roofline.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace carousel {

/// Takes one sample of a limit: seconds per floating point operation where `bytes` is 0, else
/// seconds per byte of reading so many bytes over and over.
using LimitSampler = std::function<double(std::int64_t bytes)>;

/// This core's own limits. A sample takes `seconds` and one reading of the bytes before, since
/// somebody else has had the caches. Sizes are multiples of 4096, up to `largest`. Reads go round
/// and round, so that what is larger than a cache does not come from it in part: the rate is that
/// of the level which holds all of it.
[[nodiscard]] LimitSampler core_sampler(std::int64_t largest, double seconds = 1e-3);

/// How long the samples of limits are to be that are compared with runs of `run_seconds`: longer
/// samples average over more of what disturbs a machine.
[[nodiscard]] double limit_sample_seconds(double run_seconds);

/// The limits that some work meets, sampled in turns with that work and judged by the same
/// statistic, the median: on a shared machine the best of many samples is a rate that nothing
/// reaches for long, so that a share of it would say more about the neighbours than about the work.
class Limits {
 public:
  /// Of multiply-adds, and of reads of each of `sizes`, which is ascending (see read_sizes()).
  Limits(std::vector<std::int64_t> sizes, LimitSampler sampler);

  /// Different limits, at least one.
  [[nodiscard]] std::size_t count() const noexcept { return samples_.size(); }
  /// Takes a sample of one of them and keeps it. Returns it.
  double sample(std::size_t which);
  void sample_all();
  void forget();  ///< all samples

  /// What was sampled, by medians; rates are 0 where nothing was.
  [[nodiscard]] Roofline medians() const;

 private:
  std::vector<std::int64_t> sizes_;  ///< 0 first: multiply-adds
  LimitSampler sampler_;
  std::vector<std::vector<double>> samples_;
};

}  // namespace carousel
