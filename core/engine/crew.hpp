// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace carousel {

/// Steps [first, last) that were prepared together.
struct Stretch {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// A member's place in a crew, as of now.
struct Seat {
  int index = 0;          ///< 0 leads
  int count = 1;          ///< members
  std::int64_t step = 0;  ///< the first one to take part in
  Stretch stretch = {};   ///< the leader's, when the member came
};

/// Threads that share each step of a work, of whom all but the leader may come late: between two
/// steps the members meet, and those who have come meanwhile join in. Nobody sleeps while waiting:
/// use it only between the threads of one `parallel`.
///
/// One thread leads: `lead`, then for each step its share and `meet`, then `leave`. Another one
/// applies, waits for its turn and, if that comes, does the same from `seat.step` on.
class Crew {
 public:
  /// Before a work that at most so many threads share. Nobody may be in it.
  void open(int most) noexcept;

  /// A number to wait with, or 0: too many have come.
  int apply() noexcept;
  /// Waits until the members take in the one with this number, or are done. False: done.
  bool await(int number, Seat& seat) noexcept;

  /// Begins with whoever has come.
  void lead(Seat& seat) noexcept;
  /// What each member calls at the end of each step; `next` is the step that follows.
  void meet(Seat& seat, std::int64_t next) noexcept;
  /// Waits for the other members within a step.
  void sync(const Seat& seat) noexcept;
  void leave(const Seat& seat) noexcept;

 private:
  void take_in(const Seat& leader) noexcept;

  static constexpr int kOver = -1;

  int most_ = 1;
  Seat start_;                 // what newcomers begin with
  int upcoming_[2] = {};       // members in even and odd steps
  std::atomic<int> taken_{0};  // numbers below it are members
  // On lines of their own: arrivals hammer one, those who wait read the other.
  alignas(64) std::atomic<int> applied_{1};
  alignas(64) std::atomic<std::int32_t> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> generation_{0};
};

}  // namespace carousel
