// SPDX-License-Identifier: Apache-2.0
// What is not one shape's speed: what happens before and between runs.
#include "group.hpp"
#include "machine.hpp"
#include "suite.hpp"

#include "core/measure/statistics.hpp"
#include <timing.hpp>

#include <carousel/error.hpp>
#include <carousel/network.hpp>

#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>

namespace carousel::bench {
namespace {

constexpr const char* kPrepareShape = "sq1024_b1";
constexpr const char* kFirstRunShape = "sq128_b1";
constexpr const char* kIdleShape = "sq256_b1";

std::vector<std::string> choices(const Settings& settings, const Shape& shape) {
  if (!settings.backends.empty()) return settings.backends;
  std::vector<std::string> names = default_backends(shape, 2, true);
  names.erase(names.begin());  // "xsimd" is one of its instruction sets
  return names;
}

Shape shape_named(const std::string& name) { return select_shapes({name}).front(); }

/// Median seconds of some calls.
template <class Call>
double median_of(int count, Call&& call) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const double start = cli::now();
    call();
    times.push_back(cli::now() - start);
  }
  return quartiles(std::move(times)).median;
}

/// All weights of `model`, copied between buffers that have been touched before.
double memcpy_seconds(const Model& model) {
  std::vector<float> from(static_cast<std::size_t>(model.parameter_count()), 1.0F);
  std::vector<float> to(from.size());
  return median_of(9, [&] { std::memcpy(to.data(), from.data(), from.size() * sizeof(float)); });
}

void measure_preparing(const std::string& backend, Precision precision, PrepareResult& result) {
  const Work work(shape_named(kPrepareShape), precision);
  result.shape = work.shape.name;
  result.memcpy_seconds = memcpy_seconds(work.model);
  result.prepare_seconds = median_of(7, [&] {
    static_cast<void>(prepare(work.model, {.backend = backend, .precision = precision}));
  });
}

void measure_first_run(const std::string& backend, Precision precision, PrepareResult& result) {
  const Work work(shape_named(kFirstRunShape), precision);
  std::vector<double> first;
  std::vector<double> hundredth;
  for (int i = 0; i < 15; ++i) {
    Subject subject(backend, work, 1);
    first.push_back(subject.time(1));
    static_cast<void>(subject.time(98));
    hundredth.push_back(subject.time(1));
  }
  result.first_run = quartiles(std::move(first)).median;
  result.hundredth_run = quartiles(std::move(hundredth)).median;
  const Network network =
      prepare(work.model, {.backend = backend, .threads = 1, .precision = precision});
  result.stream_bytes = network.stream({.batch = 1, .max_steps = 1}).memory_bytes();
  result.stream_bytes_64 = network.stream({.batch = 1, .max_steps = 64}).memory_bytes();
}

void measure_idling(const std::string& backend, Precision precision, PrepareResult& result) {
  constexpr double kPause = 0.5;
  const Work work(shape_named(kIdleShape), precision);
  Subject subject(backend, work, 2);
  subject.run();
  const double before = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::duration<double>(kPause));
  result.idle_cpu_share = (cpu_seconds() - before) / kPause;
}

}  // namespace

void run_prepare(const Settings& settings, Results& results) {
  ProgressLine progress;
  for (const std::string& backend : choices(settings, shape_named(kPrepareShape))) {
    progress.show("carousel_bench: prepare, " + backend);
    PrepareResult result;
    result.backend = backend;
    try {
      measure_preparing(backend, settings.precision, result);
      measure_first_run(backend, settings.precision, result);
      measure_idling(backend, settings.precision, result);
    } catch (const Error& error) {
      result.refusal = error.what();
    }
    results.prepare.push_back(std::move(result));
  }
}

}  // namespace carousel::bench
