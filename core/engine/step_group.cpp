// SPDX-License-Identifier: Apache-2.0
#include "step_group.hpp"

#include "pause.hpp"

#include <algorithm>

namespace carousel {

void StepGroup::reset(int most) noexcept {
  max_members_ = most;
  asked_.store(1, std::memory_order_relaxed);  // the leader
  admitted_.store(0, std::memory_order_relaxed);
}

int StepGroup::ask_to_join() noexcept {
  const int number = asked_.fetch_add(1, std::memory_order_relaxed);
  return number < max_members_ ? number : 0;
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
  member.count = std::min(asked_.load(std::memory_order_relaxed), max_members_);
  admit(member);
}

void StepGroup::admit(const Member& leader) noexcept {
  admission_ = leader;
  admitted_.store(leader.count, std::memory_order_release);
}

void StepGroup::step_barrier(Member& member, std::int64_t next) noexcept {
  // Two slots, because the leader may write the count for the step after `next` while other
  // members still read the count for `next`.
  int& count = next_count_[next & 1];
  if (member.index == 0) {
    count = std::min(asked_.load(std::memory_order_relaxed), max_members_);
  }
  barrier(member);
  if (count == member.count) return;
  member.count = count;
  if (member.index != 0) return;
  member.step = next;
  admit(member);
}

void StepGroup::barrier(const Member& member) noexcept {
  if (member.count <= 1) return;
  const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == member.count) {
    arrived_.store(0, std::memory_order_relaxed);
    generation_.store(generation + 1, std::memory_order_release);
    return;
  }
  spin_until([&] { return generation_.load(std::memory_order_acquire) != generation; });
}

void StepGroup::finish(const Member& member) noexcept {
  barrier(member);  // every admitted thread has copied `admission_` before this barrier
  if (member.index == 0) admitted_.store(kFinished, std::memory_order_release);
}

}  // namespace carousel
