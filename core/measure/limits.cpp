// SPDX-License-Identifier: Apache-2.0
#include "core/measure/limits.hpp"

#include "core/measure/probe.hpp"
#include "core/measure/statistics.hpp"

#include <carousel/cpu.hpp>

#include "core/engine/aligned.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

extern "C" {
#if defined(__x86_64__) || defined(_M_X64)
extern const RooflineProbe carousel_roofline_probe_sse2;
extern const RooflineProbe carousel_roofline_probe_avx2;
extern const RooflineProbe carousel_roofline_probe_avx512;
#elif defined(__aarch64__)
extern const RooflineProbe carousel_roofline_probe_neon;
extern const RooflineProbe carousel_roofline_probe_sve256;
extern const RooflineProbe carousel_roofline_probe_sve512;
#else
extern const RooflineProbe carousel_roofline_probe_generic;
#endif
}

namespace carousel {
namespace {

constexpr std::size_t kRounds = 10'000;            // of multiply-adds between looks at the clock
constexpr std::size_t kBytesBetween = 256 * 1024;  // read between looks at the clock, at least
constexpr double kLeastSample = 1e-3;              // seconds, as for runs
constexpr double kMostSample = 10e-3;

struct Choice {
  const RooflineProbe* probe;
  const char* isa;
};

Choice choose() {
#if defined(__x86_64__) || defined(_M_X64)
  if (cpu().avx512f) return {&carousel_roofline_probe_avx512, "avx512"};
  if (cpu().avx2 && cpu().fma) return {&carousel_roofline_probe_avx2, "avx2"};
  return {&carousel_roofline_probe_sse2, "sse2"};
#elif defined(__aarch64__)
  if (cpu().sve_bits == 512) return {&carousel_roofline_probe_sve512, "sve512"};
  if (cpu().sve_bits == 256) return {&carousel_roofline_probe_sve256, "sve256"};
  return {&carousel_roofline_probe_neon, "neon"};
#else
  return {&carousel_roofline_probe_generic, "generic"};
#endif
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Repeats `work`, which returns how much it did, for `seconds`. Returns seconds per unit.
template <class Work>
double seconds_per_unit(double seconds, Work&& work) {
  const double start = now();
  double done = 0;
  double end = start;
  do {
    done += work();
    end = now();
  } while (end - start < seconds);
  return (end - start) / done;
}

class CoreSampler {
 public:
  CoreSampler(std::int64_t largest, double seconds)
      : probe_(*choose().probe),
        memory_(std::make_shared<AlignedFloats>(largest / std::int64_t{sizeof(float)})),
        seconds_(seconds) {}

  double operator()(std::int64_t bytes) {
    if (bytes == 0) {
      return seconds_per_unit(seconds_, [&] { return probe_.compute(kRounds, &sink_); });
    }
    const std::size_t count = static_cast<std::size_t>(bytes) / sizeof(float);
    const std::size_t times = (kBytesBetween + count * sizeof(float) - 1) / (count * sizeof(float));
    probe_.read(memory_->data(), count, &sink_);
    return seconds_per_unit(seconds_, [&] {
      for (std::size_t i = 0; i < times; ++i) probe_.read(memory_->data(), count, &sink_);
      return static_cast<double>(times * count * sizeof(float));
    });
  }

 private:
  const RooflineProbe& probe_;
  std::shared_ptr<AlignedFloats> memory_;  // shared, since functions have to be copyable
  double seconds_;
  float sink_ = 0;
};

double rate(double seconds_per_unit) { return seconds_per_unit > 0 ? 1 / seconds_per_unit : 0; }

}  // namespace

LimitSampler core_sampler(std::int64_t largest, double seconds) {
  return CoreSampler(largest, seconds);
}

double limit_sample_seconds(double run_seconds) {
  return std::clamp(run_seconds, kLeastSample, kMostSample);
}

Limits::Limits(std::vector<std::int64_t> sizes, LimitSampler sampler)
    : sizes_(std::move(sizes)), sampler_(std::move(sampler)) {
  sizes_.insert(sizes_.begin(), 0);
  samples_.resize(sizes_.size());
}

double Limits::sample(std::size_t which) {
  return samples_.at(which).emplace_back(sampler_(sizes_.at(which)));
}

void Limits::sample_all() {
  for (std::size_t which = 0; which < count(); ++which) sample(which);
}

void Limits::forget() {
  for (std::vector<double>& samples : samples_) samples.clear();
}

Roofline Limits::medians() const {
  Roofline roofline{.isa = choose().isa,
                    .flops_per_second = rate(quartiles(samples_[0]).median),
                    .peak_best = 0,
                    .reads = {}};
  if (!samples_[0].empty()) roofline.peak_best = rate(std::ranges::min(samples_[0]));
  for (std::size_t i = 1; i < count(); ++i) {
    roofline.reads.push_back({sizes_[i], rate(quartiles(samples_[i]).median)});
  }
  return roofline;
}

}  // namespace carousel
