// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Threads. All multithreading of the engine goes through this file.
namespace carousel {

/// Runs `task(context, index, count)` on up to `threads` threads and returns when every thread that
/// entered the task has left it. The calling thread has index 0. `count` is `threads`, or less if
/// the system has no more threads to give. With `threads == 1` this is a plain function call.
///
/// A worker thread that sleeps may enter the task late or, if the caller has left it by then, not
/// at all. So a task must be correct whichever of the other indices run: threads claim parts of
/// the work, for example from an atomic counter, and return when none is left.
///
/// Each calling thread has worker threads of its own, which end with it. Between calls they
/// spin-wait for about 10 to 20 microseconds and then sleep. Denormal numbers are flushed to zero
/// in all threads while the task runs.
void parallel(int threads, void (*task)(void* context, int index, int count),
              void* context) noexcept;

/// Returns how many of `threads` threads are worth using now for work that takes one thread about
/// `seconds`. If the work is too short for waking a sleeping worker to pay, these are the caller
/// and those workers that are awake. It is 1 for some time after a thread had to wait for another
/// one that had no core to run on.
int worthwhile_threads(int threads, double seconds) noexcept;

/// Tells that a task of this thread's last `parallel` call waited so long for a thread that had no
/// core to run on. `parallel` itself knows of waiting at the end of a call only.
void waited_in_vain(double seconds) noexcept;

/// Starts the worker threads that a `parallel` call with so many threads needs on this thread, so
/// that the first call is as fast as later ones.
void warm_up_threads(int threads) noexcept;

/// The same as the function above, for a callable `task(index, count)`.
template <class Task>
void parallel(int threads, Task&& task) noexcept {
  parallel(
      threads,
      [](void* context, int index, int count) { (*static_cast<Task*>(context))(index, count); },
      const_cast<void*>(static_cast<const void*>(&task)));
}

}  // namespace carousel
