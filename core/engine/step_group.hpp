// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace carousel {

/// The time steps [first, last) whose inputs were projected together.
struct ProjectedSteps {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// One thread's part in a job that a `StepGroup` shares. `StepGroup::step_barrier` updates it after
/// each step.
struct Member {
  int index = 0;  ///< which share of a step is this thread's, in [0, count); 0 is the leader
  int count = 1;  ///< how many threads share the current step
  std::int64_t step = 0;          ///< the first step in which this thread takes part
  ProjectedSteps projected = {};  ///< the steps that the leader had projected when this one joined
};

/// A group of threads that execute the time steps of one job together, with a barrier after each
/// step. Threads may join while the job is running: at each barrier, the threads that asked to join
/// since the last one become members. So the leader starts at once and never waits for a thread
/// that has yet to wake up.
///
/// The leader calls `start`, then for each step does its share and calls `step_barrier`, then calls
/// `finish`. Another thread calls `ask_to_join` and `wait_to_join`; if it is admitted, it does the
/// same as the leader from `member.step` on. All waiting is spin-waiting, so only the threads of
/// one `parallel` call may use a group.
class StepGroup {
 public:
  /// Prepares for a job that at most `most` threads share. No thread may be using the group.
  void reset(int most) noexcept;

  /// Returns a positive number to pass to `wait_to_join`, or 0 if the job has as many threads as it
  /// can use.
  int ask_to_join() noexcept;
  /// Waits until the thread with this number is admitted and fills its `member`, or until the job
  /// is finished. Returns false if it is finished.
  bool wait_to_join(int number, Member& member) noexcept;

  /// Starts the job with the leader and the threads that have asked to join so far.
  void start(Member& member) noexcept;
  /// The barrier at the end of a step, which also admits the threads that asked to join; `next` is
  /// the step that follows.
  void step_barrier(Member& member, std::int64_t next) noexcept;
  /// A barrier within a step. It admits nobody.
  void barrier(const Member& member) noexcept;
  /// The barrier after the last step. Threads that are still in `wait_to_join` return false.
  void finish(const Member& member) noexcept;

 private:
  void admit(const Member& leader) noexcept;

  static constexpr int kFinished = -1;

  int max_members_ = 1;
  Member admission_;              // the leader's state, which admitted threads copy
  int next_count_[2] = {};        // members in the next step, separately for even and odd steps
  std::atomic<int> admitted_{0};  // threads with numbers below it are members; or kFinished
  // Each on its own cache line: arriving threads write one, while waiting threads read another.
  alignas(64) std::atomic<int> asked_{1};
  alignas(64) std::atomic<std::int32_t> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> generation_{0};
};

}  // namespace carousel
