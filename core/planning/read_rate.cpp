// SPDX-License-Identifier: Apache-2.0
#include "core/planning/read_rate.hpp"

#include "core/engine/aligned.hpp"
#include "core/planning/thread_seconds.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

namespace carousel::planning {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20U;

/// Reads all of it once; returns what depends on all.
float read_all(const float* data, std::int64_t count) {
  constexpr std::int64_t kWidth = 4;  // which every instruction set has, and memory is slower
  constexpr std::int64_t kStreams = 4;
  typedef float Vector __attribute__((vector_size(kWidth * sizeof(float))));
  Vector sums[kStreams] = {};
  for (std::int64_t i = 0; i + kStreams * kWidth <= count; i += kStreams * kWidth) {
    for (std::int64_t s = 0; s < kStreams; ++s) {
      Vector value;
      std::memcpy(&value, data + i + s * kWidth, sizeof(value));
      sums[s] += value;
    }
  }
  const Vector sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  return sum[0] + sum[1] + sum[2] + sum[3];
}

/// The best of several readings, after one that brings it as near as it gets.
double measure_rate(std::int64_t bytes) {
  constexpr double kSeconds = 2e-3;
  constexpr int kReadings = 3;
  const AlignedFloats memory(bytes / static_cast<std::int64_t>(sizeof(float)));
  const auto count = static_cast<std::int64_t>(memory.size());
  volatile float sink = read_all(memory.data(), count);
  double best = 0;
  double spent = 0;
  for (int i = 0; i < kReadings || spent < kSeconds; ++i) {
    const double start = thread_seconds();
    sink = sink + read_all(memory.data(), count);
    const double seconds = std::max(thread_seconds() - start, 1e-9);
    spent += seconds;
    best = std::max(best, static_cast<double>(memory.bytes()) / seconds);
  }
  return best;
}

}  // namespace

std::int64_t bytes_to_read(double bytes, const CpuFeatures& cpu) {
  const std::int64_t l2 = cpu.l2_bytes > 0 ? cpu.l2_bytes : kMiB / 2;
  const std::int64_t l3 = std::max(cpu.l3_bytes, 4 * l2);
  const auto size = static_cast<double>(l3);
  // A large L3 cache is slower where much of it is used: pages and neighbours.
  if (bytes <= size / 4) return std::min(4 * l2, l3 / 2);
  if (bytes <= 0.75 * size) return std::min(l3 / 2, 32 * kMiB);
  return std::clamp(2 * l3, 32 * kMiB, 128 * kMiB);
}

double machine_read_rate(std::int64_t bytes) {
  static std::mutex mutex;
  // Never destroyed: an application may prepare while it ends.
  static auto* known = new std::map<std::int64_t, double>;
  const std::scoped_lock lock(mutex);
  const auto [found, is_new] = known->try_emplace(bytes);
  if (is_new) found->second = measure_rate(bytes);
  return found->second;
}

}  // namespace carousel::planning
