// SPDX-License-Identifier: Apache-2.0
#include "parallel.hpp"

#include "block_signals.hpp"
#include "float_env.hpp"
#include "forks.hpp"
#include "sharing_pause.hpp"
#include "worker.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <new>
#include <utility>

namespace carousel {
namespace {

using detail::BlockSignals;
using detail::CurrentJob;
using detail::Job;
using detail::Worker;
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
/// Waiting at the end of a job for a worker with a longer share counts as lost if it takes so much
/// longer than the caller's own share did.
constexpr Seconds kPatience{100e-6};

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
    const bool is_long = seconds >= kMinSecondsToWake;
    if (is_long && !pause_.ever_began()) return threads;
    const Clock::time_point now = Clock::now();
    if (pause_.includes(now)) return 1;
    if (is_long) return threads;
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
    pause_.shared(std::exchange(last_job_, Seconds(0)));
    current_.job = job;
    current_.gate.open();
    for (int i = 0; i < job.count - 1; ++i) workers_[static_cast<std::size_t>(i)].notify();
    const Clock::time_point start = Clock::now();
    {
      const FlushDenormals flush;
      job.task(job.context, 0, job.count);
    }
    const Clock::time_point done = Clock::now();
    const Seconds lost = current_.gate.close() - kPatience;
    end_ = Clock::now();
    if (lost > done - start) {
      pause_.begin(end_, lost);
    } else {
      last_job_ = done - start;
    }
  }

  /// Whether a fork has left the workers in another process.
  [[nodiscard]] bool is_of_this_process() const noexcept { return forks_ == forks(); }

  /// Of the last job, nobody knows how much was shared before: half of it, on average.
  void waited_in_vain(Seconds lost) noexcept {
    pause_.shared(std::exchange(last_job_, Seconds(0)) / 2);
    pause_.begin(Clock::now(), lost);
  }

 private:
  unsigned forks_ = forks();
  std::uint64_t jobs_ = 0;
  // When the last job ended; for one that used no worker, when it should end by its estimate.
  Clock::time_point end_;
  SharingPause pause_;
  Seconds last_job_{0};  // not yet noted as shared
  CurrentJob current_;
  // A deque, because workers must not move. The last member, because they use `current_`.
  std::deque<Worker> workers_;
};

/// What a thread keeps: few bytes, because libraries that are loaded at run time share little space
/// for thread-local variables. It has no destructor, so that static objects and other thread-local
/// ones may still run streams in theirs.
struct KeptByThread {
  ThreadGroup* group = nullptr;
  bool ends = false;
};
constinit thread_local KeptByThread kept_by_thread;

/// Forgets the group. Its memory is left if its workers are in another process: there is nobody to
/// join, and no way to destroy a `std::thread` without that.
void end_group(ThreadGroup* group) noexcept {
  if (group != nullptr && group->is_of_this_process()) delete group;
}

/// Ends the group with its thread.
struct EndOfThread {
  ~EndOfThread() {
    end_group(kept_by_thread.group);
    kept_by_thread = {.group = nullptr, .ends = true};
  }
};

/// Null if there is no memory for one, or if the thread is ending: then it works alone.
ThreadGroup* group_of_this_thread() noexcept {
  ThreadGroup*& group = kept_by_thread.group;
  if (group != nullptr && group->is_of_this_process()) return group;
  if (kept_by_thread.ends) return nullptr;
  thread_local const EndOfThread end;
  group = nullptr;  // of the process that was forked
  try {
    group = new ThreadGroup;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return group;
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

void waited_in_vain(double seconds) noexcept {
  if (ThreadGroup* const group = group_of_this_thread()) group->waited_in_vain(Seconds(seconds));
}

void warm_up_threads(int threads) noexcept {
  if (threads <= 1) return;
  if (ThreadGroup* const group = group_of_this_thread()) group->grow_to(threads - 1);
}

}  // namespace carousel
