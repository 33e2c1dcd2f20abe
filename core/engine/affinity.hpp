// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <thread>

#if defined(__linux__)
#include <cstddef>
#include <sched.h>
#include <unistd.h>
#endif

/// All that Carousel has to do with which core a thread may run on. Where a system has no affinity,
/// or none is used, nothing is done and every core counts.
namespace carousel::detail {

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
[[nodiscard]] inline int this_thread() noexcept {
#if defined(__linux__)
  return gettid();
#else
  return 0;
#endif
}

/// The number of cores that this process may use; at least 1.
[[nodiscard]] inline int usable_cores() noexcept {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace carousel::detail
