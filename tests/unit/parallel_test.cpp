// SPDX-License-Identifier: Apache-2.0
#include "core/parallel.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <set>
#include <thread>
#include <vector>

namespace carousel {
namespace {

TEST(Parallel, CallsTheTaskOncePerIndexEachOnItsOwnThread) {
  for (const int threads : {1, 2, 3, 7, 2}) {
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(threads));
    std::vector<std::thread::id> ids(calls.size());
    parallel(threads, [&](int index, int count) {
      EXPECT_EQ(count, threads);
      ++calls.at(static_cast<std::size_t>(index));
      ids.at(static_cast<std::size_t>(index)) = std::this_thread::get_id();
    });
    for (const auto& count : calls) EXPECT_EQ(count, 1);
    EXPECT_EQ(ids.front(), std::this_thread::get_id());
    EXPECT_EQ(std::set<std::thread::id>(ids.begin(), ids.end()).size(), ids.size());
  }
}

TEST(Parallel, SeesWhatWasWrittenBeforeAndAfterEveryCall) {
  std::array<std::int64_t, 3> sums{};
  for (std::int64_t i = 1; i <= 3000; ++i) {
    parallel(3, [&](int index, int) { sums.at(static_cast<std::size_t>(index)) += i; });
    ASSERT_EQ(sums[0], i * (i + 1) / 2);
    ASSERT_EQ(sums[1], sums[0]);
    ASSERT_EQ(sums[2], sums[0]);
  }
}

TEST(Parallel, ManyCallersDoNotDisturbEachOther) {
  std::vector<std::thread> callers;
  std::atomic<int> total{0};
  callers.reserve(8);
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) parallel(2, [&](int, int) { ++total; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, 8 * 200 * 2);
}

TEST(Parallel, BarrierSeparatesTheSteps) {
  constexpr int kThreads = 3;
  SpinBarrier barrier;
  std::array<std::atomic<int>, kThreads> steps{};
  parallel(kThreads, [&](int index, int count) {
    for (int step = 1; step <= 2000; ++step) {
      steps.at(static_cast<std::size_t>(index)) = step;
      barrier.wait(count);
      for (const auto& other : steps) EXPECT_EQ(other, step);
      barrier.wait(count);
    }
  });
}

double process_cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

TEST(Parallel, UsesNoCpuTimeBetweenCalls) {
  parallel(4, [](int, int) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double before = process_cpu_seconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(process_cpu_seconds() - before, 0.01);  // three that spin would use 0.6 s
}

TEST(Parallel, LeavesSignalsToTheThreadsOfTheApplication) {
  std::array<int, 2> blocked{};
  parallel(2, [&](int index, int) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked.at(static_cast<std::size_t>(index)) = sigismember(&mask, SIGUSR1);
  });
  EXPECT_EQ(blocked[0], 0);
  EXPECT_EQ(blocked[1], 1);
}

}  // namespace
}  // namespace carousel
