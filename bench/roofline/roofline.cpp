// SPDX-License-Identifier: Apache-2.0
#include "roofline.hpp"

#include "probe.hpp"

#include <carousel/cpu.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

extern "C" {
#if defined(__x86_64__) || defined(_M_X64)
extern const RooflineProbe carousel_roofline_probe_sse2;
extern const RooflineProbe carousel_roofline_probe_avx2;
extern const RooflineProbe carousel_roofline_probe_avx512;
#else
extern const RooflineProbe carousel_roofline_probe_generic;
#endif
}

namespace carousel {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::size_t kAlignment = 64;

struct Choice {
  const RooflineProbe* probe;
  const char* isa;
};

Choice choose() {
#if defined(__x86_64__) || defined(_M_X64)
  if (cpu().avx512f) return {&carousel_roofline_probe_avx512, "avx512"};
  if (cpu().avx2 && cpu().fma) return {&carousel_roofline_probe_avx2, "avx2"};
  return {&carousel_roofline_probe_sse2, "sse2"};
#else
  return {&carousel_roofline_probe_generic, cpu().neon ? "neon" : "generic"};
#endif
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The best rate of `work` (which returns how much it did) within `seconds`, at least three tries.
/// The best, since a limit is wanted and neighbours on a shared machine only ever slow it down.
double best_rate(double seconds, const std::function<double()>& work) {
  const double end = now() + seconds;
  double best = 0;
  for (int tries = 0; tries < 3 || now() < end; ++tries) {
    const double start = now();
    const double done = work();
    best = std::max(best, done / std::max(now() - start, 1e-9));
  }
  return best;
}

double measure_flops(const RooflineProbe& probe, double seconds) {
  constexpr std::size_t kRounds = 100'000;  // some 100 µs
  float sink = 0;
  return best_rate(seconds, [&] { return probe.compute(kRounds, &sink); });
}

double measure_reads(const RooflineProbe& probe, const float* data, std::int64_t bytes,
                     double seconds) {
  const auto count = static_cast<std::size_t>(bytes) / sizeof(float) / 1024 * 1024;
  const auto repeats = std::max<std::size_t>(1, static_cast<std::size_t>(kMiB / bytes));
  float sink = 0;
  return best_rate(seconds, [&] {
    for (std::size_t i = 0; i < repeats; ++i) probe.read(data, count, &sink);
    return static_cast<double>(count * sizeof(float) * repeats);
  });
}

}  // namespace

std::vector<WorkingSet> working_sets(const CpuFeatures& features) {
  const std::int64_t l1 = features.l1d_bytes > 0 ? features.l1d_bytes : 32 * kKiB;
  const std::int64_t l2 = features.l2_bytes > 0 ? features.l2_bytes : 512 * kKiB;
  const std::int64_t l3 = features.l3_bytes > 0 ? features.l3_bytes : 8 * kMiB;
  std::vector<WorkingSet> sets{{"L1", l1, l1 / 2}, {"L2", l2, l2 / 2}};
  const std::int64_t near = std::min(std::max(2 * l2, l3 / 4), 8 * kMiB);
  if (l3 > 2 * near) {  // a large one is slower where it is used in full: pages and neighbours
    sets.push_back({"L3", near, near});
    sets.push_back({"far L3", l3, l3 / 2});
  } else if (l3 >= 2 * l2) {
    sets.push_back({"L3", l3, near});
  }
  sets.push_back({"DRAM", 0, std::clamp(2 * l3, 32 * kMiB, 1024 * kMiB)});
  return sets;
}

double Roofline::bandwidth(double bytes) const {
  for (const MemoryLevel& level : levels) {
    if (level.capacity_bytes == 0 || bytes <= static_cast<double>(level.capacity_bytes)) {
      return level.bytes_per_second;
    }
  }
  return levels.empty() ? 0 : levels.back().bytes_per_second;
}

Roofline measure_roofline(double seconds) {
  const auto [probe, isa] = choose();
  const std::vector<WorkingSet> sets = working_sets(cpu());
  const std::int64_t largest = std::ranges::max(sets, {}, &WorkingSet::bytes).bytes;
  std::vector<float> memory(static_cast<std::size_t>(largest) / sizeof(float) + kAlignment, 1.0F);
  void* aligned = memory.data();
  std::size_t space = memory.size() * sizeof(float);
  const auto* data = static_cast<const float*>(
      std::align(kAlignment, static_cast<std::size_t>(largest), aligned, space));

  const double share = seconds / static_cast<double>(sets.size() + 1);
  Roofline roofline{.isa = isa, .flops_per_second = measure_flops(*probe, share), .levels = {}};
  for (const WorkingSet& set : sets) {
    roofline.levels.push_back(
        {set.name, set.capacity_bytes, measure_reads(*probe, data, set.bytes, share)});
  }
  return roofline;
}

double least_seconds(const Roofline& roofline, const Model& model, std::int64_t steps,
                     std::int64_t batch, int threads) {
  const double peak = roofline.flops_per_second * threads;
  const auto rows = static_cast<double>(batch);
  const auto times = static_cast<double>(steps);
  double total = 0;
  const auto add = [&](const LayerSpec& spec) {
    const auto gate_rows = static_cast<double>(spec.gates() * spec.hidden_size);
    const double input_weights = gate_rows * static_cast<double>(spec.input_size);
    const double recurrent_weights =
        !spec.recurrent() ? 0
                          : gate_rows * static_cast<double>(spec.state_size()) +
                                static_cast<double>(spec.proj_size * spec.hidden_size);
    // `count` multiply-adds with each of so many weights, which have to be read once.
    const auto pass = [&](double weights, double count) {
      const double bytes = weights * sizeof(float) / threads;
      if (bytes == 0) return 0.0;
      return std::max(count * 2 * weights / peak, bytes / roofline.bandwidth(bytes));
    };
    total += static_cast<double>(spec.directions()) *
             (times * pass(recurrent_weights, rows) + pass(input_weights, times * rows));
  };
  for (const ModelLayer& layer : model.layers) add(layer.spec);
  if (model.head) add(model.head->spec);
  return total;
}

}  // namespace carousel
