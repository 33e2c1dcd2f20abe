// SPDX-License-Identifier: Apache-2.0
#include "step_group.hpp"

#include "pause.hpp"

#include <algorithm>
#include <chrono>

namespace carousel {

namespace {

using WaitClock = std::chrono::steady_clock;
using WaitSeconds = std::chrono::duration<double>;

}  // namespace

void StepGroup::reset(int most, double patience_seconds) noexcept {
  patience_ = patience_seconds;
  lost_ = 0;
  has_split_ = false;
  max_members_.store(most, std::memory_order_relaxed);
  asked_.store(1, std::memory_order_relaxed);  // the leader
  admitted_.store(0, std::memory_order_relaxed);
  round_.store(0, std::memory_order_relaxed);
}

int StepGroup::ask_to_join() noexcept {
  const int number = asked_.fetch_add(1, std::memory_order_relaxed);
  return number < max_members_.load(std::memory_order_relaxed) ? number : 0;
}

bool StepGroup::wait_to_join(int number, Member& member) noexcept {
  int admitted = 0;
  spin_until([&] {
    admitted = admitted_.load(std::memory_order_acquire);
    return admitted == kFinished || admitted > number;
  });
  if (admitted == kFinished) return false;
  member = admission_;
  member.index = number;
  return true;
}

void StepGroup::start(Member& member) noexcept {
  member.count = members_from_now_on();
  admit(member);
}

int StepGroup::members_from_now_on() const noexcept {
  return std::min(asked_.load(std::memory_order_relaxed),
                  max_members_.load(std::memory_order_relaxed));
}

void StepGroup::admit(const Member& leader) noexcept {
  admission_ = leader;
  admitted_.store(leader.count, std::memory_order_release);
}

bool StepGroup::is_over(Round round) const noexcept {
  return round_.load(std::memory_order_acquire) / kNext != round / kNext;
}

/// Counts this thread in; `round` is the word before. Returns whether it came last: then the others
/// wait until it calls `complete`.
bool StepGroup::arrive(const Member& member, Round& round) noexcept {
  round = round_.fetch_add(1, std::memory_order_acq_rel);
  return (round & kArrived) + 1 == static_cast<Round>(member.count);
}

/// Begins the next round. The group is to split up still if it was.
void StepGroup::complete(Round round) noexcept {
  const Round number = round / kNext + 1;
  round_.store(number * kNext + (round & kSplit), std::memory_order_release);
}

/// Returns false when patience has come to an end.
bool StepGroup::wait_patiently(Round round) const noexcept {
  const auto over = [&] { return is_over(round); };
  if (patience_ != kForever) return spin_for(WaitSeconds(patience_), over);
  spin_until(over);
  return true;
}

/// Returns false if all have arrived meanwhile. Otherwise whoever arrives last will see it.
bool StepGroup::ask_to_split(const Member& member, Round round) noexcept {
  Round current = round_.load(std::memory_order_relaxed);
  do {
    if (current / kNext != round / kNext) return false;
    if ((current & kArrived) == static_cast<Round>(member.count)) return false;
  } while (!round_.compare_exchange_weak(current, current | kSplit, std::memory_order_acq_rel,
                                         std::memory_order_relaxed));
  return true;
}

void StepGroup::wait_for_all(const Member& member, Round round) noexcept {
  const WaitClock::time_point start = WaitClock::now();
  spin_until([&] { return is_over(round); });
  if (member.index == 0) lost_ += WaitSeconds(WaitClock::now() - start).count();
}

/// Returns false if this thread leaves the group, without waiting for the others.
bool StepGroup::meet_after_step(const Member& member, int& next_count) noexcept {
  Round round = 0;
  if (arrive(member, round)) {
    if ((round & kSplit) != 0) next_count = 1;
    complete(round);
    return true;
  }
  if (wait_patiently(round)) return true;
  if (ask_to_split(member, round) && member.index != 0) return false;
  wait_for_all(member, round);
  return true;
}

void StepGroup::split_up() noexcept {
  has_split_ = true;
  lost_ += patience_;
  max_members_.store(1, std::memory_order_relaxed);
  admitted_.store(kFinished, std::memory_order_release);
}

void StepGroup::step_barrier(Member& member, std::int64_t next) noexcept {
  // Members that have not yet seen that the group has split may still read `next_count_`.
  if (member.index == 0 && has_split_) return;
  // Two slots, because the leader may write the count for the step after `next` while other
  // members still read the count for `next`.
  int& count = next_count_[next & 1];
  if (member.index == 0) count = members_from_now_on();
  if (member.count > 1 && !meet_after_step(member, count)) {
    member.count = 0;
    return;
  }
  if (count == member.count) return;
  const bool split = count < member.count;
  member.count = member.index < count ? count : 0;
  if (member.index != 0) return;
  if (split) return split_up();
  member.step = next;
  admit(member);
}

void StepGroup::barrier(const Member& member) noexcept {
  if (member.count <= 1) return;
  Round round = 0;
  if (arrive(member, round)) return complete(round);
  if (wait_patiently(round)) return;
  ask_to_split(member, round);
  wait_for_all(member, round);
}

void StepGroup::finish(const Member& member) noexcept {
  if (member.index == 0) {
    barrier(member);  // every admitted thread has copied `admission_` before this barrier
    admitted_.store(kFinished, std::memory_order_release);
    return;
  }
  Round round = 0;  // nothing is left to do for this thread, so it does not wait
  if (arrive(member, round)) complete(round);
}

}  // namespace carousel
