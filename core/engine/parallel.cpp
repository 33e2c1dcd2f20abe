// SPDX-License-Identifier: Apache-2.0
#include "parallel.hpp"

#include "float_env.hpp"
#include "pause.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <new>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#include <unistd.h>
#endif

namespace carousel {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/// The least work, in seconds of one thread, for which it pays to use workers that are awake.
constexpr double kMinSecondsToShare = 30e-6;
/// The least work for which it pays to wake a sleeping worker. Waking one takes 10 to 20
/// microseconds of the caller's time, and the worker starts 30 to 80 microseconds later.
constexpr double kMinSecondsToWake = 150e-6;
/// A job that begins within this time after the end of the previous one counts as one of a series.
/// In a series it pays to wake workers even for shorter jobs, because a worker then stays awake
/// from one job to the next. It must be shorter than the spin-wait of a worker between two jobs;
/// otherwise each job of the series would have to wake the worker again.
constexpr std::chrono::microseconds kSeriesGap{10};

/// Blocks all signals in the current thread during its lifetime. Threads that are started meanwhile
/// inherit that, so that signals are delivered to the application's threads only.
class BlockSignals {
 public:
  BlockSignals() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &saved_);
  }
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;

 private:
  sigset_t saved_{};
};

/// Makes a sleeping thread wake up on another core than that of the thread that wakes it. Linux
/// often places a woken thread on the waker's core although others are idle, and there it does not
/// run until the waker's time slice ends, milliseconds later.
class WakeOnOtherCore {
 public:
  /// Called by the waking thread before it wakes `thread`: takes the current core out of that
  /// thread's affinity mask.
  void exclude_this_core([[maybe_unused]] int thread) noexcept {
#if defined(__linux__)
    const int core = sched_getcpu();
    if (core < 0 || sched_getaffinity(0, sizeof(allowed_), &allowed_) != 0) return;
    cpu_set_t others = allowed_;
    CPU_CLR(static_cast<std::size_t>(core), &others);
    changed_ = CPU_COUNT(&others) > 0 && sched_setaffinity(thread, sizeof(others), &others) == 0;
#endif
  }

  /// Called by the thread that has woken up: restores its affinity mask.
  void restore_mask() noexcept {
#if defined(__linux__)
    if (changed_) (void)sched_setaffinity(0, sizeof(allowed_), &allowed_);
    changed_ = false;
#endif
  }

 private:
#if defined(__linux__)
  cpu_set_t allowed_{};
  bool changed_ = false;
#endif
};

/// The kernel's identifier of the current thread.
int this_thread() noexcept {
#if defined(__linux__)
  return gettid();
#else
  return 0;
#endif
}

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

  /// Returns when no worker is inside any more.
  void close() noexcept {
    state_.fetch_or(kClosed, std::memory_order_acq_rel);
    std::uint32_t state = 0;
    const auto is_empty = [&] {
      state = state_.load(std::memory_order_acquire);
      return state == kClosed;
    };
    if (spin_briefly(is_empty)) return;
    do {
      state_.wait(state, std::memory_order_acquire);
    } while (!is_empty());
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
      : current_(current), index_(index), thread_([this] { loop(); }) {}
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

/// A calling thread's worker threads.
class ThreadGroup {
 public:
  /// Starts workers until there are `count`; returns how many there are.
  int grow_to(int count) noexcept {
    const BlockSignals block;
    try {
      while (static_cast<int>(workers_.size()) < count) {
        workers_.emplace_back(current_, static_cast<int>(workers_.size()) + 1);
      }
    } catch (const std::exception&) {
      // The system has no more threads to give: the job is shared among those that there are.
    }
    return static_cast<int>(workers_.size());
  }

  [[nodiscard]] int worthwhile_threads(int threads, double seconds) noexcept {
    if (seconds >= kMinSecondsToWake) return threads;
    const Clock::time_point now = Clock::now();
    const bool in_series = now < end_ + kSeriesGap;
    end_ = now + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
    if (in_series) return threads;
    const auto first_asleep =
        std::ranges::find_if(workers_, [](const Worker& worker) { return !worker.awake(); });
    return std::min(threads, 1 + static_cast<int>(first_asleep - workers_.begin()));
  }

  void run(Job job) noexcept {
    if (job.count - 1 > static_cast<int>(workers_.size())) {
      job.count = 1 + grow_to(job.count - 1);
    }
    job.number = ++jobs_;
    current_.job = job;
    current_.gate.open();
    for (int i = 0; i < job.count - 1; ++i) workers_[static_cast<std::size_t>(i)].notify();
    {
      const FlushDenormals flush;
      job.task(job.context, 0, job.count);
    }
    current_.gate.close();
    end_ = Clock::now();
  }

 private:
  std::uint64_t jobs_ = 0;
  // When the last job ended; for one that used no worker, when it should end by its estimate.
  Clock::time_point end_;
  CurrentJob current_;
  // A deque, because workers must not move. The last member, because they use `current_`.
  std::deque<Worker> workers_;
};

/// Null if there is no memory for one. The group is behind a pointer because libraries that are
/// loaded at run time share little space for thread-local variables.
ThreadGroup* group_of_this_thread() noexcept {
  thread_local std::unique_ptr<ThreadGroup> group;
  try {
    if (group == nullptr) group = std::make_unique<ThreadGroup>();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return group.get();
}

}  // namespace

void parallel(int threads, void (*task)(void*, int, int), void* context) noexcept {
  ThreadGroup* const group = threads > 1 ? group_of_this_thread() : nullptr;
  if (group == nullptr) {
    task(context, 0, 1);
  } else {
    group->run({task, context, threads, 0});
  }
}

int worthwhile_threads(int threads, double seconds) noexcept {
  if (threads <= 1 || seconds < kMinSecondsToShare) return 1;
  ThreadGroup* const group = group_of_this_thread();
  return group == nullptr ? 1 : group->worthwhile_threads(threads, seconds);
}

void warm_up_threads(int threads) noexcept {
  if (threads <= 1) return;
  if (ThreadGroup* const group = group_of_this_thread()) group->grow_to(threads - 1);
}

}  // namespace carousel
