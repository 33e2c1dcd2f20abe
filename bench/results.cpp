// SPDX-License-Identifier: Apache-2.0
#include "results.hpp"

#include "onnxruntime.hpp"

#include <carousel/error.hpp>

#include <algorithm>

namespace carousel::bench {
namespace {

std::optional<double> median(const Measurement* measurement) {
  if (measurement == nullptr || !measurement->ran()) return std::nullopt;
  return measurement->seconds.median;
}

}  // namespace

double Verdict::allowed() const {
  const Criterion* least = tightest(criteria);
  return least == nullptr ? 0 : least->seconds;
}

const Measurement* Results::find(const std::string& shape, const std::string& backend,
                                 int threads) const {
  const auto found = std::ranges::find_if(measurements, [&](const Measurement& measurement) {
    return measurement.shape == shape && measurement.backend == backend &&
           measurement.threads == threads;
  });
  return found == measurements.end() ? nullptr : &*found;
}

const Shape& Results::shape(const std::string& name) const {
  const auto found = std::ranges::find(shapes, name, &Shape::name);
  if (found == shapes.end()) throw Error(ErrorCode::invalid_argument, "no shape " + name);
  return *found;
}

std::vector<Verdict> judge(const Results& results) {
  std::vector<Verdict> verdicts;
  for (const Measurement& measurement : results.measurements) {
    if (measurement.backend != "xsimd" || !measurement.ran()) continue;
    const std::string& name = measurement.shape;
    const int threads = measurement.threads;
    const TargetInputs inputs{
        .threads = threads,
        .least_seconds = measurement.least_seconds,
        .flops_per_second = measurement.roofline.flops_per_second,
        .onednn_is_2 = results.onednn_version.starts_with("2."),
        .onednn_t1 = median(results.find(name, "onednn", 1)),
        .onednn = median(results.find(name, "onednn", threads)),
        .onnxruntime = median(results.find(name, kOnnxRuntime, threads)),
        .xsimd_t1 = measurement.one_thread_seconds > 0
                        ? std::optional(measurement.one_thread_seconds)
                        : std::nullopt,
    };
    verdicts.push_back({.shape = name,
                        .threads = threads,
                        .xsimd = measurement.seconds.median,
                        .onednn = inputs.onednn.value_or(0),
                        .onnxruntime = inputs.onnxruntime.value_or(0),
                        .least_seconds = measurement.least_seconds,
                        .criteria = criteria(results.shape(name), peer_times(name), inputs)});
  }
  return verdicts;
}

}  // namespace carousel::bench
