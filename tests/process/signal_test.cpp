// SPDX-License-Identifier: Apache-2.0
// Signals in the middle of a run. (The test Parallel.LeavesSignalsToTheThreadsOfTheApplication says
// which threads they arrive on.)
#include "process/small_network.hpp"
#include "support/every_backend.hpp"

#include <gtest/gtest.h>

#include <sys/time.h>

#include <atomic>
#include <chrono>
#include <csignal>

namespace carousel::process_test {
namespace {

using testing_support::id_as_test_name;
using testing_support::runnable_ids;

std::atomic<int> signals{0};

void count_signal(int) { ++signals; }

class Signals : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, Signals, testing::ValuesIn(runnable_ids()), id_as_test_name);

TEST_P(Signals, InterruptRunsWithoutHarm) {
  Stream shared = stream(network(GetParam(), 2));
  const std::vector<float> expected = run(shared);
  signals = 0;
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = count_signal;
  sigaction(SIGALRM, &action, &before);
  const itimerval often{.it_interval = {0, 500}, .it_value = {0, 500}};
  setitimer(ITIMER_REAL, &often, nullptr);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  bool same = true;
  while (signals < 100 && std::chrono::steady_clock::now() < end) {
    same = run(shared) == expected && same;
  }
  const itimerval never{};
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  EXPECT_TRUE(same);
  EXPECT_GE(signals, 100);
}

}  // namespace
}  // namespace carousel::process_test
