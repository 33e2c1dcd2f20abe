// SPDX-License-Identifier: Apache-2.0
#include "core/engine/parallel.hpp"

#include "core/engine/pause.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace carousel {
namespace {

/// A barrier for one use: makes sure that every thread of a call takes part in it.
class Barrier {
 public:
  void wait(int count) {
    ++arrived_;
    spin_until([&] { return arrived_ >= count; });
  }

 private:
  std::atomic<int> arrived_{0};
};

TEST(Parallel, CallsTheTaskOncePerIndexEachOnItsOwnThread) {
  for (const int threads : {1, 2, 3, 7, 2}) {
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(threads));
    std::vector<std::thread::id> ids(calls.size());
    Barrier barrier;
    parallel(threads, [&](int index, int count) {
      EXPECT_EQ(count, threads);
      ++calls.at(static_cast<std::size_t>(index));
      ids.at(static_cast<std::size_t>(index)) = std::this_thread::get_id();
      barrier.wait(count);
    });
    for (const auto& count : calls) EXPECT_EQ(count, 1);
    EXPECT_EQ(ids.front(), std::this_thread::get_id());
    EXPECT_EQ(std::set<std::thread::id>(ids.begin(), ids.end()).size(), ids.size());
  }
}

TEST(Parallel, SeesWhatWasWrittenBeforeAndAfterEveryCall) {
  std::array<std::int64_t, 3> sums{};
  for (std::int64_t i = 1; i <= 3000; ++i) {
    Barrier barrier;
    parallel(3, [&](int index, int count) {
      barrier.wait(count);
      sums.at(static_cast<std::size_t>(index)) += i;
    });
    ASSERT_EQ(sums[0], i * (i + 1) / 2);
    ASSERT_EQ(sums[1], sums[0]);
    ASSERT_EQ(sums[2], sums[0]);
  }
}

/// One call whose threads claim items. The data is on the caller's stack, so that a sanitizer
/// finds a worker that touches it after the call has returned.
void claim_items(int threads, int items, int microseconds) {
  std::vector<int> done(static_cast<std::size_t>(items));
  std::array<std::atomic<int>, 4> visits{};
  std::atomic<int> next{0};
  parallel(threads, [&](int index, int count) {
    EXPECT_LT(index, count);
    ++visits.at(static_cast<std::size_t>(index));
    for (int i; (i = next++) < items;) {
      ++done[static_cast<std::size_t>(i)];
      std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
    }
  });
  EXPECT_EQ(std::count(done.begin(), done.end(), 1), items);
  EXPECT_EQ(visits[0], 1);
  for (const auto& visit : visits) EXPECT_LE(visit, 1);
}

TEST(Parallel, LateWorkersTakePartInTheirJobOrALaterOne) {
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    const int threads = 1 + static_cast<int>(random() % 4);
    claim_items(threads, static_cast<int>(random() % 6), random() % 16 == 0 ? 20 : 0);
    if (random() % 8 == 0) {  // about as long as workers take to fall asleep
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
    }
  }
}

TEST(Parallel, CallersMayEndWhileTheirWorkersWakeUp) {
  for (int i = 0; i < 300; ++i) {
    std::thread([] { claim_items(4, 2, 0); }).join();
  }
}

TEST(Parallel, ManyCallersDoNotDisturbEachOther) {
  std::vector<std::thread> callers;
  std::atomic<int> total{0};
  callers.reserve(8);
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        Barrier barrier;
        parallel(2, [&](int, int count) {
          barrier.wait(count);
          ++total;
        });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, 8 * 200 * 2);
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
  // CPU time, not wall-clock time, so that a busy machine does not matter. Three workers that spin
  // would use up to 0.6 s.
  EXPECT_LT(process_cpu_seconds() - before, 0.01);
}

TEST(Parallel, LeavesSignalsToTheThreadsOfTheApplication) {
  std::array<int, 2> blocked{};
  Barrier barrier;
  parallel(2, [&](int index, int count) {
    barrier.wait(count);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked.at(static_cast<std::size_t>(index)) = sigismember(&mask, SIGUSR1);
  });
  EXPECT_EQ(blocked[0], 0);
  EXPECT_EQ(blocked[1], 1);
}

}  // namespace
}  // namespace carousel
