// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace carousel::bench {

/// Something to be measured some times.
struct Task {
  std::string name;                ///< unique within one call
  std::function<double()> sample;  ///< seconds of one run
  int repetitions = 1;
};

/// Hands the tasks to Google Benchmark, which runs their repetitions in random order, so that
/// whatever disturbs a shared machine meets all of them. Returns the samples of each task. An
/// exception of a task is thrown again from here.
[[nodiscard]] std::vector<std::vector<double>> sample_interleaved(const std::vector<Task>& tasks);

}  // namespace carousel::bench
