// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace carousel {

/// The time steps [first, last) whose inputs were projected together.
struct Stretch {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// One thread's part in a job that a `Crew` shares. `Crew::meet` updates it after each step.
struct Seat {
  int index = 0;  ///< which share of a step is this thread's, in [0, count); 0 is the leader
  int count = 1;  ///< how many threads share the current step
  std::int64_t step = 0;  ///< the first step in which this thread takes part
  Stretch stretch = {};   ///< the leader's stretch when this thread joined
};

/// A group of threads that execute the time steps of one job together, with a barrier after each
/// step. Threads may join while the job is running: at each barrier, the threads that asked to join
/// since the last one become members. So the leader starts at once and never waits for a thread
/// that has yet to wake up.
///
/// The leader calls `lead`, then for each step does its share and calls `meet`, then calls `leave`.
/// Another thread calls `apply` and `await`; if it is admitted, it does the same as the leader from
/// `seat.step` on. All waiting is spin-waiting, so only the threads of one `parallel` call may use
/// a crew.
class Crew {
 public:
  /// Prepares for a job that at most `most` threads share. No thread may be using the crew.
  void open(int most) noexcept;

  /// Asks to join. Returns a positive number to pass to `await`, or 0 if the job has as many
  /// threads as it can use.
  int apply() noexcept;
  /// Waits until the thread with this number is admitted and fills its `seat`, or until the job is
  /// finished. Returns false if it is finished.
  bool await(int number, Seat& seat) noexcept;

  /// Starts the job with the leader and the threads that have applied so far.
  void lead(Seat& seat) noexcept;
  /// The barrier at the end of a step, which also admits the threads that have applied; `next` is
  /// the step that follows.
  void meet(Seat& seat, std::int64_t next) noexcept;
  /// A barrier within a step. It admits nobody.
  void sync(const Seat& seat) noexcept;
  /// The barrier after the last step. Threads that are still waiting in `await` return false.
  void leave(const Seat& seat) noexcept;

 private:
  void admit(const Seat& leader) noexcept;

  static constexpr int kFinished = -1;

  int max_members_ = 1;
  Seat admission_;                // the leader's seat, which admitted threads copy
  int next_count_[2] = {};        // members in the next step, separately for even and odd steps
  std::atomic<int> admitted_{0};  // threads with numbers below it are members; or kFinished
  // Each on its own cache line: arriving threads write one, while waiting threads read another.
  alignas(64) std::atomic<int> applied_{1};
  alignas(64) std::atomic<std::int32_t> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> generation_{0};
};

}  // namespace carousel
