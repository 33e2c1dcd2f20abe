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

/// Work of one thread that is worth sharing with threads that are awake, and with such as sleep:
/// waking one takes 10 to 20 microseconds of the caller's time and 30 to 80 until it comes.
constexpr double kLeastShared = 30e-6;
constexpr double kLeastToWake = 150e-6;
/// Work that follows other within this time is likely to be followed by more, so that waking pays
/// even if it is shorter: who has been woken stays awake from one work to the next. Longer than a
/// worker watches for the next call, each work would have to wake it again.
constexpr std::chrono::microseconds kSoon{10};

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

/// Keeps a thread away from the core of the one that wakes it. There it would get its turn
/// milliseconds later, and Linux often puts it there though others are idle.
class Elsewhere {
 public:
  /// Called by the one that wakes the other: that may run where the caller may, but for its core.
  void send([[maybe_unused]] int thread) noexcept {
#if defined(__linux__)
    const int core = sched_getcpu();
    if (core < 0 || sched_getaffinity(0, sizeof(allowed_), &allowed_) != 0) return;
    cpu_set_t others = allowed_;
    CPU_CLR(static_cast<std::size_t>(core), &others);
    sent_ = CPU_COUNT(&others) > 0 && sched_setaffinity(thread, sizeof(others), &others) == 0;
#endif
  }

  /// Called by the one that woke up: it may go anywhere again.
  void arrive() noexcept {
#if defined(__linux__)
    if (sent_) (void)sched_setaffinity(0, sizeof(allowed_), &allowed_);
    sent_ = false;
#endif
  }

 private:
#if defined(__linux__)
  cpu_set_t allowed_{};
  bool sent_ = false;
#endif
};

int this_thread() noexcept {
#if defined(__linux__)
  return gettid();
#else
  return 0;
#endif
}

struct Call {
  void (*task)(void*, int, int) = nullptr;
  void* context = nullptr;
  int count = 0;
  std::uint64_t number = 0;
};

/// Lets workers into a call while its caller is at it, and tells the caller when they have left.
class Gate {
 public:
  void open() noexcept { state_.store(0, std::memory_order_release); }

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

  /// Returns when nobody is inside any more.
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
  alignas(64) std::atomic<std::uint32_t> state_{kClosed};  // and how many are inside
};

/// What a team's caller and workers share. The call is written while the gate is closed and nobody
/// is inside, and read by those who are inside: a worker that wakes up late finds the gate closed,
/// or open for a later call.
struct Board {
  Call call;
  Gate gate;
};

/// A thread that waits for calls.
class Worker {
 public:
  Worker(Board& board, int index) : board_(board), index_(index), thread_([this] { work(); }) {}
  ~Worker() {
    stop_.store(true, std::memory_order_relaxed);
    call();
    thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] bool awake() const noexcept {
    return state_.load(std::memory_order_relaxed) == State::awake;
  }

  void call() noexcept {
    ticket_.fetch_add(1);
    // Sequentially consistent, here and in `sleep`: either this sees that the worker is going to
    // sleep, or the worker sees the new ticket.
    State asleep = State::asleep;
    if (!state_.compare_exchange_strong(asleep, State::being_sent)) return;
    elsewhere_.send(thread_id_.load(std::memory_order_relaxed));
    state_.store(State::sent, std::memory_order_release);
    ticket_.notify_one();
  }

 private:
  enum class State : std::int32_t { awake, asleep, being_sent, sent };

  void work() noexcept {
    const FlushDenormals flush;
    thread_id_.store(this_thread(), std::memory_order_relaxed);
    for (unsigned seen = 0;;) {
      const auto is_called = [&] { return ticket_.load(std::memory_order_relaxed) != seen; };
      if (!spin_briefly(is_called)) sleep(seen);
      seen = ticket_.load(std::memory_order_acquire);
      if (stop_.load(std::memory_order_relaxed)) return;
      if (!board_.gate.enter()) continue;
      take_part();
      board_.gate.leave();
    }
  }

  void sleep(unsigned seen) noexcept {
    state_.store(State::asleep);
    ticket_.wait(seen);
    State asleep = State::asleep;
    if (state_.compare_exchange_strong(asleep, State::awake)) return;
    spin_until([this] { return state_.load(std::memory_order_acquire) == State::sent; });
    elsewhere_.arrive();
    state_.store(State::awake);
  }

  /// Once in each call: one that was entered on the ticket of an earlier call still has its own.
  void take_part() noexcept {
    const Call& call = board_.call;
    if (call.number == last_call_ || index_ >= call.count) return;
    last_call_ = call.number;
    call.task(call.context, index_, call.count);
  }

  Board& board_;
  int index_;
  std::uint64_t last_call_ = 0;
  Elsewhere elsewhere_;  // the waker's while the state is being_sent, else the worker's
  std::atomic<int> thread_id_{0};
  std::atomic<bool> stop_{false};
  std::atomic<State> state_{State::awake};
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
      while (static_cast<int>(workers_.size()) < count) {
        workers_.emplace_back(board_, static_cast<int>(workers_.size()) + 1);
      }
    } catch (const std::exception&) {
      // The system has no thread left to give: the work is shared among those there are.
    }
    return static_cast<int>(workers_.size());
  }

  [[nodiscard]] int worthwhile_threads(int threads, double seconds) noexcept {
    if (seconds >= kLeastToWake) return threads;
    const Clock::time_point now = Clock::now();
    const bool soon = now < end_ + kSoon;
    end_ = now + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
    if (soon) return threads;
    const auto first_asleep =
        std::ranges::find_if(workers_, [](const Worker& worker) { return !worker.awake(); });
    return std::min(threads, 1 + static_cast<int>(first_asleep - workers_.begin()));
  }

  void run(Call call) noexcept {
    if (call.count - 1 > static_cast<int>(workers_.size())) {
      call.count = 1 + grow_to(call.count - 1);
    }
    call.number = ++calls_;
    board_.call = call;
    board_.gate.open();
    for (int i = 0; i < call.count - 1; ++i) workers_[static_cast<std::size_t>(i)].call();
    {
      const FlushDenormals flush;
      call.task(call.context, 0, call.count);
    }
    board_.gate.close();
    end_ = Clock::now();
  }

 private:
  std::uint64_t calls_ = 0;
  Clock::time_point end_;  // of the last call, or when one that needed no worker should end
  Board board_;
  std::deque<Worker> workers_;  // a deque, since workers stay put; last: they use the board
};

/// Null where there is no memory for one. Behind a pointer, since libraries that are loaded at run
/// time share little room for what is local to threads.
Team* team_of_this_thread() noexcept {
  thread_local std::unique_ptr<Team> team;
  try {
    if (team == nullptr) team = std::make_unique<Team>();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return team.get();
}

}  // namespace

void parallel(int threads, void (*task)(void*, int, int), void* context) noexcept {
  Team* const team = threads > 1 ? team_of_this_thread() : nullptr;
  if (team == nullptr) {
    task(context, 0, 1);
  } else {
    team->run({task, context, threads, 0});
  }
}

int worthwhile_threads(int threads, double seconds) noexcept {
  if (threads <= 1 || seconds < kLeastShared) return 1;
  Team* const team = team_of_this_thread();
  return team == nullptr ? 1 : team->worthwhile_threads(threads, seconds);
}

void warm_up_threads(int threads) noexcept {
  if (threads <= 1) return;
  if (Team* const team = team_of_this_thread()) team->grow_to(threads - 1);
}

}  // namespace carousel
