// SPDX-License-Identifier: Apache-2.0
#include "core/engine/crew.hpp"

#include "core/engine/parallel.hpp"
#include "core/engine/pause.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

namespace carousel {
namespace {

constexpr std::int64_t kBlocks = 7;

/// What the threads of a crew did: how often each block of each step was executed, and by how many
/// threads in all.
struct Log {
  explicit Log(std::int64_t steps) : done(static_cast<std::size_t>(steps * kBlocks)) {}
  std::vector<std::atomic<int>> done;
  std::atomic<int> members{0};
};

/// One thread's share of all steps from `seat.step` on. Calls `in_step(s)` at the start of each.
template <class InStep>
void do_steps(Crew& crew, Seat& seat, std::int64_t steps, Log& log, InStep&& in_step) {
  ++log.members;
  for (std::int64_t s = seat.step; s < steps; ++s) {
    in_step(s);
    const std::int64_t first = kBlocks * seat.index / seat.count;
    const std::int64_t last = kBlocks * (seat.index + 1) / seat.count;
    for (std::int64_t b = first; b < last; ++b) {
      if (s > 0) {  // every member has finished the step before
        for (std::int64_t other = 0; other < kBlocks; ++other) {
          EXPECT_EQ(log.done[static_cast<std::size_t>((s - 1) * kBlocks + other)], 1);
        }
      }
      ++log.done[static_cast<std::size_t>(s * kBlocks + b)];
    }
    crew.meet(seat, s + 1);
  }
  crew.leave(seat);
}

/// The leader begins alone; in step `wait_at` it waits until all other threads have applied.
void share_steps(int threads, int most, std::int64_t steps, std::int64_t wait_at) {
  Crew crew;
  crew.open(most);
  Log log(steps);
  std::atomic<int> applied{1};
  parallel(threads, [&](int index, int count) {
    Seat seat;
    if (index == 0) {
      crew.lead(seat);
      do_steps(crew, seat, steps, log, [&](std::int64_t s) {
        if (s == wait_at) spin_until([&] { return applied >= count; });
      });
      return;
    }
    const int number = crew.apply();
    ++applied;
    if (number == 0 || !crew.await(number, seat)) return;
    do_steps(crew, seat, steps, log, [](std::int64_t) {});
  });
  for (const auto& times : log.done) ASSERT_EQ(times, 1);
  if (wait_at < steps) {
    EXPECT_EQ(log.members, std::min(most, threads));
  }
}

TEST(Crew, ExecutesEachStepOnceAndAfterTheOneBefore) {
  for (int threads = 1; threads <= 4; ++threads) share_steps(threads, 4, 300, 0);
}

TEST(Crew, LateThreadsJoinBetweenStepsOrFindTheJobFinished) {
  for (int i = 0; i < 200; ++i) {
    for (const int threads : {2, 3, 4}) share_steps(threads, 4, 20, i % 25);
  }
}

TEST(Crew, AdmitsNoMoreThreadsThanItCanUse) {
  for (int i = 0; i < 100; ++i) {
    share_steps(4, 2, 20, i % 25);
    share_steps(4, 1, 20, i % 25);
  }
}

}  // namespace
}  // namespace carousel
