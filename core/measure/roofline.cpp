// SPDX-License-Identifier: Apache-2.0
#include "core/measure/roofline.hpp"

#include <algorithm>
#include <cmath>

namespace carousel {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kPage = 4 * kKiB;
constexpr std::int64_t kLeastRead = 16 * kKiB;  // below, a probe's ends would show
constexpr std::int64_t kMostRead = 1024 * kMiB;

std::int64_t read_size(double bytes) {
  const auto pages = static_cast<std::int64_t>(std::ceil(bytes / static_cast<double>(kPage)));
  return std::clamp(pages * kPage, kLeastRead, kMostRead);
}

}  // namespace

std::vector<WorkingSet> working_sets(const CpuFeatures& features) {
  const std::int64_t l1 = features.l1d_bytes > 0 ? features.l1d_bytes : 32 * kKiB;
  const std::int64_t l2 = features.l2_bytes > 0 ? features.l2_bytes : 512 * kKiB;
  const std::int64_t l3 = features.l3_bytes > 0 ? features.l3_bytes : 8 * kMiB;
  std::vector<WorkingSet> sets{{"L1", l1 / 2}, {"L2", l2 / 2}};
  const std::int64_t near = std::min(std::max(2 * l2, l3 / 4), 8 * kMiB);
  if (l3 >= 2 * l2) sets.push_back({"L3", near});
  // A large one is slower where it is used in full: pages and neighbours.
  if (l3 > 2 * near) sets.push_back({"far L3", l3 / 2});
  sets.push_back({"DRAM", std::clamp(2 * l3, 32 * kMiB, kMostRead)});
  for (WorkingSet& set : sets) set.bytes = set.bytes / kPage * kPage;
  return sets;
}

double Roofline::bandwidth(double bytes) const {
  for (const ReadRate& rate : reads) {
    if (bytes <= static_cast<double>(rate.bytes)) return rate.bytes_per_second;
  }
  return reads.empty() ? 0 : reads.back().bytes_per_second;
}

std::vector<Pass> passes(std::span<const MatrixSizes> layers, std::int64_t steps,
                         std::int64_t batch, int threads) {
  std::vector<Pass> all;
  // `rows` multiply-adds with each of so many weights, `times` in each direction.
  const auto add = [&](std::int64_t count, std::int64_t times, std::int64_t rows) {
    const auto weights = static_cast<double>(count);
    if (count == 0 || times == 0) return;
    all.push_back({.times = static_cast<double>(times),
                   .bytes = weights * sizeof(float) / threads,
                   .flops = static_cast<double>(rows) * 2 * weights / threads});
  };
  for (const MatrixSizes& layer : layers) {
    add(layer.each_step, steps * layer.directions, batch);
    add(layer.once, layer.directions, steps * batch);
  }
  return all;
}

std::vector<std::int64_t> read_sizes(const std::vector<Pass>& passes) {
  std::vector<std::int64_t> sizes;
  sizes.reserve(passes.size());
  for (const Pass& pass : passes) sizes.push_back(read_size(pass.bytes));
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

double least_seconds(const Roofline& roofline, const std::vector<Pass>& passes) {
  double total = 0;
  for (const Pass& pass : passes) {
    total += pass.times * std::max(pass.flops / roofline.flops_per_second,
                                   pass.bytes / roofline.bandwidth(pass.bytes));
  }
  return total;
}

}  // namespace carousel
