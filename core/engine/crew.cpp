// SPDX-License-Identifier: Apache-2.0
#include "crew.hpp"

#include "pause.hpp"

#include <algorithm>

namespace carousel {

void Crew::open(int most) noexcept {
  most_ = most;
  applied_.store(1, std::memory_order_relaxed);  // the leader
  taken_.store(0, std::memory_order_relaxed);
}

int Crew::apply() noexcept {
  const int number = applied_.fetch_add(1, std::memory_order_relaxed);
  return number < most_ ? number : 0;
}

bool Crew::await(int number, Seat& seat) noexcept {
  int taken = 0;
  spin_until([&] {
    taken = taken_.load(std::memory_order_acquire);
    return taken == kOver || taken > number;
  });
  if (taken == kOver) return false;
  seat = start_;
  seat.index = number;
  return true;
}

void Crew::lead(Seat& seat) noexcept {
  seat.count = std::min(applied_.load(std::memory_order_relaxed), most_);
  take_in(seat);
}

void Crew::take_in(const Seat& leader) noexcept {
  start_ = leader;
  taken_.store(leader.count, std::memory_order_release);
}

void Crew::meet(Seat& seat, std::int64_t next) noexcept {
  // The number for the next step but one is written while the next one's may still be read.
  int& members = upcoming_[next & 1];
  if (seat.index == 0) {
    members = std::min(applied_.load(std::memory_order_relaxed), most_);
  }
  sync(seat);
  if (members == seat.count) return;
  seat.count = members;
  if (seat.index != 0) return;
  seat.step = next;
  take_in(seat);
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
  sync(seat);  // whoever counts as a member has taken its seat
  if (seat.index == 0) taken_.store(kOver, std::memory_order_release);
}

}  // namespace carousel
