// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The only door to threads.
namespace carousel {

/// Calls `task(context, 0, count)` on the calling thread and, for indices below `count`,
/// `task(context, index, count)` on others that come while the caller is at it; returns when all
/// who came are done. `count` is `threads` or, when the system grants fewer, less. A thread that
/// sleeps may come late or not at all, so a task must not count on the others: it claims its share
/// of the work and leaves when nothing is left. Denormals are flushed in all. With `threads == 1`
/// it is a plain call.
///
/// The threads belong to the calling thread, end with it, and sleep between calls: they watch for
/// the next call for some ten microseconds only.
void parallel(int threads, void (*task)(void* context, int index, int count),
              void* context) noexcept;

/// How many of so many threads are worth calling now for work that takes one thread about so many
/// seconds: where that is too short to wake somebody, those that are still awake.
int worthwhile_threads(int threads, double seconds) noexcept;

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

}  // namespace carousel
