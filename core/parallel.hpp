// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

/// The only door to threads.
namespace carousel {

/// Calls `task(context, index, count)` once for each index in [0, count), each on a thread of its
/// own, the caller's included, and returns when all are done. `count` is `threads` or, when the
/// system grants fewer, less; tasks must take their share from `count`. Denormals are flushed in
/// all. With `threads == 1` it is a plain call.
///
/// The threads belong to the calling thread, end with it, and sleep between calls: they watch for
/// the next call for some ten microseconds only.
void parallel(int threads, void (*task)(void* context, int index, int count),
              void* context) noexcept;

/// Starts what a `parallel` of so many threads on this thread will need, so that the first one is
/// as fast as the hundredth.
void warm_up_threads(int threads) noexcept;

/// The same for a callable `task(index, count)`.
template <class Task>
void parallel(int threads, Task&& task) noexcept {
  parallel(
      threads,
      [](void* context, int index, int count) { (*static_cast<Task*>(context))(index, count); },
      const_cast<void*>(static_cast<const void*>(&task)));
}

/// A barrier for the few microseconds between two steps: threads spin, nobody sleeps. Use it only
/// between the threads of one `parallel`.
class SpinBarrier {
 public:
  void wait(int count) noexcept;

 private:
  // On lines of their own: the arrivals hammer one, the waiters read the other.
  alignas(64) std::atomic<std::int32_t> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> generation_{0};
};

}  // namespace carousel
