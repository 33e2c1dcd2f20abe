// SPDX-License-Identifier: Apache-2.0
#include "parallel.hpp"

#include "float_env.hpp"

#include <csignal>
#include <deque>
#include <exception>
#include <thread>

#if defined(__SSE2__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <sched.h>
#endif

namespace carousel {
namespace {

/// How often a waiting thread looks before it gives up its core: some ten microseconds.
constexpr int kSpins = 1000;

void pause_briefly() noexcept {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// While it lives, threads that are started block all signals: those are for the application's
/// threads to handle.
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

int current_core() noexcept {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

/// Moves the calling thread away from a core. Linux often wakes a thread on the core of the one
/// that woke it, though others are idle, and leaves it there for milliseconds: two that wait for
/// each other's steps would take turns.
void leave_core([[maybe_unused]] int core) noexcept {
#if defined(__linux__)
  cpu_set_t allowed;
  if (core < 0 || sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  cpu_set_t others = allowed;
  CPU_CLR(static_cast<std::size_t>(core), &others);
  if (CPU_COUNT(&others) == 0) return;
  if (sched_setaffinity(0, sizeof(others), &others) == 0) {
    (void)sched_setaffinity(0, sizeof(allowed), &allowed);
  }
#endif
}

struct Call {
  void (*task)(void*, int, int) = nullptr;
  void* context = nullptr;
  int count = 0;
  int core = -1;  ///< the caller's
};

/// A thread that waits for calls. A null task ends it.
class Worker {
 public:
  explicit Worker(std::atomic<int>& unfinished)
      : unfinished_(unfinished), thread_([this] { work(); }) {}
  ~Worker() {
    start({}, 0);
    thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start(const Call& call, int index) noexcept {
    call_ = call;
    index_ = index;
    ticket_.fetch_add(1, std::memory_order_release);
    ticket_.notify_one();
  }

 private:
  void work() noexcept {
    const FlushDenormals flush;
    for (unsigned seen = 0;; ++seen) {
      for (int spins = 0; spins < kSpins && ticket_.load(std::memory_order_acquire) == seen;
           ++spins) {
        pause_briefly();
      }
      ticket_.wait(seen, std::memory_order_acquire);
      if (call_.task == nullptr) return;
      if (const int core = current_core(); core == call_.core) leave_core(core);
      call_.task(call_.context, index_, call_.count);
      if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished_.notify_one();
    }
  }

  std::atomic<int>& unfinished_;
  Call call_;
  int index_ = 0;
  alignas(64) std::atomic<unsigned> ticket_{0};  // calls so far
  std::thread thread_;                           // last: it uses all of the above
};

/// The workers of one calling thread.
class Team {
 public:
  /// Starts workers until there are `count`; returns how many there are.
  int grow_to(int count) noexcept {
    const BlockSignals block;
    try {
      while (static_cast<int>(workers_.size()) < count) workers_.emplace_back(unfinished_);
    } catch (const std::exception&) {
      // The system has no thread left to give: the work is shared among those there are.
    }
    return static_cast<int>(workers_.size());
  }

  void run(Call call) noexcept {
    if (call.count - 1 > static_cast<int>(workers_.size())) {
      call.count = 1 + grow_to(call.count - 1);
    }
    unfinished_.store(call.count - 1, std::memory_order_relaxed);
    for (int i = 1; i < call.count; ++i) workers_[static_cast<std::size_t>(i - 1)].start(call, i);
    {
      const FlushDenormals flush;
      call.task(call.context, 0, call.count);
    }
    for (int spins = 0; spins < kSpins; ++spins) {
      if (unfinished_.load(std::memory_order_acquire) == 0) return;
      pause_briefly();
    }
    for (int left = unfinished_.load(std::memory_order_acquire); left > 0;
         left = unfinished_.load(std::memory_order_acquire)) {
      unfinished_.wait(left, std::memory_order_acquire);
    }
  }

 private:
  std::atomic<int> unfinished_{0};
  std::deque<Worker> workers_;  // a deque, since workers stay put
};

Team& team_of_this_thread() {
  thread_local Team team;
  return team;
}

}  // namespace

void parallel(int threads, void (*task)(void*, int, int), void* context) noexcept {
  if (threads <= 1) {
    task(context, 0, 1);
  } else {
    team_of_this_thread().run({task, context, threads, current_core()});
  }
}

void warm_up_threads(int threads) noexcept {
  if (threads > 1) team_of_this_thread().grow_to(threads - 1);
}

void SpinBarrier::wait(int count) noexcept {
  if (count <= 1) return;
  const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count) {
    arrived_.store(0, std::memory_order_relaxed);
    generation_.store(generation + 1, std::memory_order_release);
    return;
  }
  // Where threads outnumber the free cores, the one waited for may not be running at all; spinning
  // on would then cost a scheduler's time slice per step.
  for (int spins = 0; generation_.load(std::memory_order_acquire) == generation; ++spins) {
    if (spins < kSpins) {
      pause_briefly();
    } else {
      std::this_thread::yield();
    }
  }
}

}  // namespace carousel
