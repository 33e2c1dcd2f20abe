// SPDX-License-Identifier: Apache-2.0
#include "crew.hpp"

#include "pause.hpp"

#include <algorithm>

namespace carousel {

void Crew::open(int most) noexcept {
  max_members_ = most;
  applied_.store(1, std::memory_order_relaxed);  // the leader
  admitted_.store(0, std::memory_order_relaxed);
}

int Crew::apply() noexcept {
  const int number = applied_.fetch_add(1, std::memory_order_relaxed);
  return number < max_members_ ? number : 0;
}

bool Crew::await(int number, Seat& seat) noexcept {
  int admitted = 0;
  spin_until([&] {
    admitted = admitted_.load(std::memory_order_acquire);
    return admitted == kFinished || admitted > number;
  });
  if (admitted == kFinished) return false;
  seat = admission_;
  seat.index = number;
  return true;
}

void Crew::lead(Seat& seat) noexcept {
  seat.count = std::min(applied_.load(std::memory_order_relaxed), max_members_);
  admit(seat);
}

void Crew::admit(const Seat& leader) noexcept {
  admission_ = leader;
  admitted_.store(leader.count, std::memory_order_release);
}

void Crew::meet(Seat& seat, std::int64_t next) noexcept {
  // Two slots, because the leader may write the count for the step after `next` while other
  // members still read the count for `next`.
  int& count = next_count_[next & 1];
  if (seat.index == 0) {
    count = std::min(applied_.load(std::memory_order_relaxed), max_members_);
  }
  sync(seat);
  if (count == seat.count) return;
  seat.count = count;
  if (seat.index != 0) return;
  seat.step = next;
  admit(seat);
}

void Crew::sync(const Seat& seat) noexcept {
  if (seat.count <= 1) return;
  const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == seat.count) {
    arrived_.store(0, std::memory_order_relaxed);
    generation_.store(generation + 1, std::memory_order_release);
    return;
  }
  spin_until([&] { return generation_.load(std::memory_order_acquire) != generation; });
}

void Crew::leave(const Seat& seat) noexcept {
  sync(seat);  // every admitted thread has copied `admission_` before this barrier
  if (seat.index == 0) admitted_.store(kFinished, std::memory_order_release);
}

}  // namespace carousel
