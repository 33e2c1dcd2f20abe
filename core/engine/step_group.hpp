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
  int count = 1;  ///< how many threads share the current step; 0: this thread has left the group
  std::int64_t step = 0;          ///< the first step in which this thread takes part
  ProjectedSteps projected = {};  ///< the steps that the leader had projected when this one joined
};

/// A group of threads that execute the time steps of one job together, with a barrier after each
/// step. Threads may join while the job is running: at each barrier, the threads that asked to join
/// since the last one become members. So the leader starts at once and never waits for a thread
/// that has yet to wake up.
///
/// A thread that has lost its core to another process makes all others wait. So where one waits for
/// longer than the group's patience, the group splits up: from the next step on, the leader works
/// alone. A member that waits for others behind its own share leaves at that moment. The leader has
/// to wait for a member that has begun its share, since nobody else can finish it: a state is
/// updated in place, and a thread may be interrupted between any two instructions.
///
/// The leader calls `start`, then for each step does its share and calls `step_barrier`, then calls
/// `finish`. Another thread calls `ask_to_join` and `wait_to_join`; if it is admitted, it does the
/// same as the leader from `member.step` on, until it finds that it has left. All waiting is
/// spin-waiting, so only the threads of one `parallel` call may use a group.
class StepGroup {
 public:
  /// Waits for as long as it takes.
  static constexpr double kForever = -1;

  /// Prepares for a job that at most `most` threads share. No thread may be using the group.
  void reset(int most, double patience_seconds = kForever) noexcept;

  /// Returns a positive number to pass to `wait_to_join`, or 0 if the job has as many threads as it
  /// can use.
  int ask_to_join() noexcept;
  /// Waits until the thread with this number is admitted and fills its `member`, or until no more
  /// threads are. Returns false then.
  bool wait_to_join(int number, Member& member) noexcept;

  /// Starts the job with the leader and the threads that have asked to join so far.
  void start(Member& member) noexcept;
  /// The barrier at the end of a step, which also admits the threads that asked to join; `next` is
  /// the step that follows. If `member.count` is 0 afterwards, the thread has left the group and
  /// must not touch the job again.
  void step_barrier(Member& member, std::int64_t next) noexcept;
  /// A barrier within a step. It admits nobody, and nobody leaves.
  void barrier(const Member& member) noexcept;
  /// The barrier after the last step. Threads that are still in `wait_to_join` return false.
  void finish(const Member& member) noexcept;

  /// After the job: the seconds for which its leader waited for a thread that did not come, until
  /// the group split up; 0: it did not.
  [[nodiscard]] double lost_seconds() const noexcept { return lost_; }

 private:
  /// A word about one barrier: how many it follows, whether the group is to split up, and how many
  /// members have arrived. So whoever arrives last knows for sure whether somebody wants to split.
  using Round = std::uint64_t;
  static constexpr Round kSplit = Round{1} << 31U;
  static constexpr Round kArrived = kSplit - 1;
  static constexpr Round kNext = Round{1} << 32U;

  [[nodiscard]] int members_from_now_on() const noexcept;
  [[nodiscard]] bool is_over(Round round) const noexcept;
  bool arrive(const Member& member, Round& round) noexcept;
  void complete(Round round) noexcept;
  bool wait_patiently(Round round) const noexcept;
  bool ask_to_split(const Member& member, Round round) noexcept;
  void wait_for_all(const Member& member, Round round) noexcept;
  bool meet_after_step(const Member& member, int& next_count) noexcept;
  void split_up() noexcept;
  void admit(const Member& leader) noexcept;

  static constexpr int kFinished = -1;

  double patience_ = kForever;
  double lost_ = 0;                  // written by the leader
  bool has_split_ = false;           // used by the leader
  Member admission_;                 // the leader's state, which admitted threads copy
  int next_count_[2] = {};           // members in the next step, separately for even and odd steps
  std::atomic<int> max_members_{1};  // 1 once the group has split up
  std::atomic<int> admitted_{0};     // threads with numbers below it are members; or kFinished
  // Each on its own cache line: asking threads write one, while waiting threads read the other.
  alignas(64) std::atomic<int> asked_{1};
  alignas(64) std::atomic<Round> round_{0};
};

}  // namespace carousel
