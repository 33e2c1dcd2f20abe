// SPDX-License-Identifier: Apache-2.0
#include "contender.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <ctime>
#include <utility>

namespace carousel::onnxruntime_bench {
namespace {

constexpr double kSampleSeconds = 2e-3;
constexpr int kLeastTurns = 9;

/// Seconds that this thread has had a core, which is all that runs here: those in which others of
/// the machine had it do not count.
double now() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Seconds of one call, by so many.
double time_calls(const Contender& contender, int calls) {
  const double start = now();
  for (int call = 0; call < calls; ++call) contender.work();
  return (now() - start) / calls;
}

int calls_of_a_sample(const Contender& contender) {
  static_cast<void>(time_calls(contender, 2));  // the first calls allocate
  return std::max(1, static_cast<int>(std::lround(kSampleSeconds / time_calls(contender, 3))));
}

}  // namespace

void measure(std::vector<Contender>& contenders, double seconds) {
  std::vector<int> calls;
  for (const Contender& contender : contenders) calls.push_back(calls_of_a_sample(contender));
  const double start = now();
  for (int turn = 0; turn < kLeastTurns || now() - start < seconds; ++turn) {
    for (std::size_t k = 0; k < contenders.size(); ++k) {
      // What the cache holds of another contender's is not this one's to pay for.
      static_cast<void>(time_calls(contenders[k], 1));
      contenders[k].seconds.push_back(time_calls(contenders[k], calls[k]));
    }
  }
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

double median_ratio(const Contender& a, const Contender& b) {
  std::vector<double> ratios;
  for (std::size_t k = 0; k < a.seconds.size(); ++k) {
    ratios.push_back(a.seconds[k] / b.seconds[k]);
  }
  return median(std::move(ratios));
}

double median_rest(const Contender& whole, const Contender& a, const Contender& b) {
  std::vector<double> rests;
  for (std::size_t k = 0; k < whole.seconds.size(); ++k) {
    rests.push_back(whole.seconds[k] - a.seconds[k] - b.seconds[k]);
  }
  return median(std::move(rests));
}

}  // namespace carousel::onnxruntime_bench
