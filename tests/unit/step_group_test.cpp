// SPDX-License-Identifier: Apache-2.0
#include "core/engine/step_group.hpp"

#include "core/engine/parallel.hpp"
#include "core/engine/pause.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

namespace carousel {
namespace {

constexpr std::int64_t kBlocks = 7;

/// What the threads of a group did: how often each block of each step was executed, and by how many
/// threads in all.
struct Log {
  explicit Log(std::int64_t steps) : done(static_cast<std::size_t>(steps * kBlocks)) {}
  std::vector<std::atomic<int>> done;
  std::atomic<int> members{0};
};

/// One thread's share of all steps from `member.step` on, until it leaves the group. Calls
/// `in_step(s)` at the start of each.
template <class InStep>
void do_steps(StepGroup& step_group, Member& member, std::int64_t steps, Log& log,
              InStep&& in_step) {
  ++log.members;
  for (std::int64_t s = member.step; s < steps; ++s) {
    in_step(s);
    const std::int64_t first = kBlocks * member.index / member.count;
    const std::int64_t last = kBlocks * (member.index + 1) / member.count;
    for (std::int64_t b = first; b < last; ++b) {
      if (s > 0) {  // every member has finished the step before
        for (std::int64_t other = 0; other < kBlocks; ++other) {
          EXPECT_EQ(log.done[static_cast<std::size_t>((s - 1) * kBlocks + other)], 1);
        }
      }
      ++log.done[static_cast<std::size_t>(s * kBlocks + b)];
    }
    step_group.step_barrier(member, s + 1);
    if (member.count == 0) return;
  }
  step_group.finish(member);
}

/// The leader begins alone; in step `wait_at` it waits until all other threads have asked to join.
void share_steps(int threads, int most, std::int64_t steps, std::int64_t wait_at,
                 double patience = StepGroup::kForever) {
  StepGroup step_group;
  step_group.reset(most, patience);
  Log log(steps);
  std::atomic<int> asked{1};
  parallel(threads, [&](int index, int count) {
    Member member;
    if (index == 0) {
      step_group.start(member);
      do_steps(step_group, member, steps, log, [&](std::int64_t s) {
        if (s == wait_at) spin_until([&] { return asked >= count; });
      });
      return;
    }
    const int number = step_group.ask_to_join();
    ++asked;
    if (number == 0 || !step_group.wait_to_join(number, member)) return;
    do_steps(step_group, member, steps, log, [](std::int64_t) {});
  });
  for (const auto& times : log.done) ASSERT_EQ(times, 1);
  if (wait_at < steps && patience == StepGroup::kForever) {
    EXPECT_EQ(log.members, std::min(most, threads));
  }
}

TEST(StepGroup, ExecutesEachStepOnceAndAfterTheOneBefore) {
  for (int threads = 1; threads <= 4; ++threads) share_steps(threads, 4, 300, 0);
}

TEST(StepGroup, LateThreadsJoinBetweenStepsOrFindTheJobFinished) {
  for (int i = 0; i < 200; ++i) {
    for (const int threads : {2, 3, 4}) share_steps(threads, 4, 20, i % 25);
  }
}

TEST(StepGroup, AdmitsNoMoreThreadsThanItCanUse) {
  for (int i = 0; i < 100; ++i) {
    share_steps(4, 2, 20, i % 25);
    share_steps(4, 1, 20, i % 25);
  }
}

constexpr double kPatience = 1e-3;
constexpr std::chrono::milliseconds kLong{50};

/// What became of a job of two threads.
struct Outcome {
  double lost = 0;          ///< seconds of the leader
  bool left_early = false;  ///< the helper, before the leader's long step was over
  bool joined_again = false;
};

/// Two threads share steps until `late`, the index of one of them, takes long for one. Each block
/// has to be executed once all the same.
Outcome share_with_a_late_thread(int late) {
  constexpr std::int64_t kSteps = 40;
  constexpr std::int64_t kLateStep = 20;
  StepGroup step_group;
  step_group.reset(2, kPatience);
  Log log(kSteps);
  std::atomic<int> asked{1};
  std::atomic<bool> left{false};
  Outcome outcome;
  const auto be_late = [&](int index, std::int64_t s) {
    if (index != late || s != kLateStep) return;
    const auto end = std::chrono::steady_clock::now() + kLong;
    spin_until([&] { return std::chrono::steady_clock::now() > end; });
    if (index != 0) return;
    // As long as it takes, but for a group that never splits.
    const auto last = end + std::chrono::seconds(60);
    spin_until([&] { return left || std::chrono::steady_clock::now() > last; });
    outcome.left_early = left;
  };
  parallel(2, [&](int index, int) {
    Member member;
    if (index == 0) {
      spin_until([&] { return asked == 2; });
      step_group.start(member);
      do_steps(step_group, member, kSteps, log, [&](std::int64_t s) { be_late(0, s); });
      return;
    }
    const int number = step_group.ask_to_join();
    ++asked;
    if (!step_group.wait_to_join(number, member)) return;
    do_steps(step_group, member, kSteps, log, [&](std::int64_t s) { be_late(1, s); });
    EXPECT_EQ(member.count, 0);
    left = true;
    const int again = step_group.ask_to_join();
    outcome.joined_again = again != 0 && step_group.wait_to_join(again, member);
  });
  for (const auto& times : log.done) EXPECT_EQ(times, 1);
  outcome.lost = step_group.lost_seconds();
  return outcome;
}

TEST(StepGroup, LeadersGoOnAloneAfterWaitingForAMember) {
  const Outcome outcome = share_with_a_late_thread(1);
  EXPECT_GT(outcome.lost, 0);
  EXPECT_FALSE(outcome.joined_again);
}

TEST(StepGroup, MembersLeaveALeaderWhoDoesNotCome) {
  const Outcome outcome = share_with_a_late_thread(0);
  EXPECT_TRUE(outcome.left_early);
  EXPECT_GT(outcome.lost, 0);
  EXPECT_FALSE(outcome.joined_again);
}

/// With next to no patience groups split at any step, for any reason.
TEST(StepGroup, ExecutesEachStepOnceWheneverItSplits) {
  for (int i = 0; i < 300; ++i) {
    for (const int threads : {2, 3, 4}) share_steps(threads, 4, 20, i % 25, 1e-6);
  }
}

}  // namespace
}  // namespace carousel
