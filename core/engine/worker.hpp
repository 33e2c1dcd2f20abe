// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "affinity.hpp"
#include "float_env.hpp"
#include "pause.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

/// The threads behind `parallel`, one by one.
namespace carousel::detail {

/// The arguments of one `parallel` call.
struct Job {
  void (*task)(void*, int, int) = nullptr;
  void* context = nullptr;
  int count = 0;             ///< threads, including the caller
  std::uint64_t number = 0;  ///< counts the jobs of a thread group, from 1
};

/// A counter of the workers that are executing a job. While the gate is open they may enter;
/// closing it keeps others out and waits until those inside have left. (`seastar::gate` does the
/// same.)
class Gate {
 public:
  void open() noexcept { state_.store(0, std::memory_order_release); }

  /// Returns false if the gate is closed.
  bool enter() noexcept {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    do {
      if (state >= kClosed) return false;
    } while (!state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel,
                                           std::memory_order_relaxed));
    return true;
  }

  void leave() noexcept {
    if (state_.fetch_sub(1, std::memory_order_acq_rel) == kClosed + 1) state_.notify_one();
  }

  /// Returns when no worker is inside any more, and for how long it has waited beyond a moment.
  std::chrono::duration<double> close() noexcept {
    state_.fetch_or(kClosed, std::memory_order_acq_rel);
    std::uint32_t state = 0;
    const auto is_empty = [&] {
      state = state_.load(std::memory_order_acquire);
      return state == kClosed;
    };
    if (spin_briefly(is_empty)) return std::chrono::duration<double>(0);
    const auto start = std::chrono::steady_clock::now();
    do {
      state_.wait(state, std::memory_order_acquire);
    } while (!is_empty());
    return std::chrono::steady_clock::now() - start;
  }

 private:
  static constexpr std::uint32_t kClosed = std::uint32_t{1} << 31U;
  // The number of workers inside, with the highest bit set if the gate is closed.
  alignas(64) std::atomic<std::uint32_t> state_{kClosed};
};

/// The current job of a thread group. The caller writes `job` while the gate is closed and no
/// worker is inside; workers read it while they are inside. A worker that wakes up too late for a
/// job finds the gate closed, or open for a later job.
struct CurrentJob {
  Job job;
  Gate gate;
};

/// A thread that waits for jobs and executes its share of them.
class Worker {
 public:
  Worker(CurrentJob& current, int index)
      : current_(current), index_(index), thread_(&start, static_cast<void*>(this)) {}
  ~Worker() {
    stop_.store(true, std::memory_order_relaxed);
    notify();
    thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] bool awake() const noexcept {
    return state_.load(std::memory_order_relaxed) == State::awake;
  }

  /// Tells the worker that there is a job (or that it shall stop), and wakes it if it sleeps.
  void notify() noexcept {
    notifications_.fetch_add(1);
    // Sequentially consistent, here and in `sleep`: either this thread sees that the worker is
    // going to sleep, or the worker sees the new number of notifications.
    State asleep = State::asleep;
    if (!state_.compare_exchange_strong(asleep, State::being_woken)) return;
    wake_on_other_core_.exclude_this_core(thread_id_.load(std::memory_order_relaxed));
    state_.store(State::woken, std::memory_order_release);
    notifications_.notify_one();
  }

 private:
  /// The worker changes awake to asleep. The notifying thread changes asleep to being_woken, while
  /// it sets the worker's affinity mask, and then to woken.
  enum class State : std::int32_t { awake, asleep, being_woken, woken };

  /// A function, since the standard library would export the type of a lambda from libraries that
  /// hide the rest of Carousel.
  static void start(void* worker) noexcept { static_cast<Worker*>(worker)->loop(); }

  void loop() noexcept {
    const FlushDenormals flush;
    thread_id_.store(this_thread(), std::memory_order_relaxed);
    for (unsigned seen = 0;;) {
      const auto is_notified = [&] {
        return notifications_.load(std::memory_order_relaxed) != seen;
      };
      if (!spin_briefly(is_notified)) sleep(seen);
      seen = notifications_.load(std::memory_order_acquire);
      if (stop_.load(std::memory_order_relaxed)) return;
      if (!current_.gate.enter()) continue;
      execute_current_job();
      current_.gate.leave();
    }
  }

  /// Sleeps until there are more than `seen` notifications.
  void sleep(unsigned seen) noexcept {
    state_.store(State::asleep);
    notifications_.wait(seen);
    State asleep = State::asleep;
    if (state_.compare_exchange_strong(asleep, State::awake)) return;
    spin_until([this] { return state_.load(std::memory_order_acquire) == State::woken; });
    wake_on_other_core_.restore_mask();
    state_.store(State::awake);
  }

  /// Executes each job at most once. A worker that is late for one job may already enter the gate
  /// for the next one, and is then notified of that job when it has executed it.
  void execute_current_job() noexcept {
    const Job& job = current_.job;
    if (job.number == last_job_ || index_ >= job.count) return;
    last_job_ = job.number;
    job.task(job.context, index_, job.count);
  }

  CurrentJob& current_;
  int index_;
  std::uint64_t last_job_ = 0;
  // Used by the notifying thread while the state is being_woken, else by the worker.
  WakeOnOtherCore wake_on_other_core_;
  std::atomic<int> thread_id_{0};
  std::atomic<bool> stop_{false};
  std::atomic<State> state_{State::awake};
  alignas(64) std::atomic<unsigned> notifications_{0};  // so far
  std::thread thread_;  // the last member, since the thread uses all of the above
};

}  // namespace carousel::detail
