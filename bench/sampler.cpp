// SPDX-License-Identifier: Apache-2.0
#include "sampler.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <exception>
#include <map>

namespace carousel::bench {
namespace {

/// Keeps every repetition's time; prints nothing.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      samples[run.run_name.function_name].push_back(run.real_accumulated_time /
                                                    static_cast<double>(run.iterations));
    }
  }

  std::map<std::string, std::vector<double>> samples;
};

void initialize() {
  static const bool once = [] {
    static std::string program = "carousel_bench";
    static std::string interleave = "--benchmark_enable_random_interleaving=true";
    std::array<char*, 3> arguments{program.data(), interleave.data(), nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments.data());
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace

std::vector<std::vector<double>> sample_interleaved(const std::vector<Task>& tasks) {
  initialize();
  std::exception_ptr failure;
  for (const Task& task : tasks) {
    const auto body = [&task, &failure](benchmark::State& state) {
      for ([[maybe_unused]] auto _ : state) {
        double seconds = 0;
        try {
          if (!failure) seconds = task.sample();
        } catch (...) {
          failure = std::current_exception();
        }
        state.SetIterationTime(seconds);
      }
    };
    // One iteration is one sample; the task itself batches runs that are short.
    benchmark::RegisterBenchmark(task.name.c_str(), body)
        ->Iterations(1)
        ->Repetitions(task.repetitions)
        ->UseManualTime();
  }
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector, ".");
  benchmark::ClearRegisteredBenchmarks();
  if (failure) std::rethrow_exception(failure);
  std::vector<std::vector<double>> samples;
  samples.reserve(tasks.size());
  for (const Task& task : tasks) samples.push_back(std::move(collector.samples[task.name]));
  return samples;
}

}  // namespace carousel::bench
