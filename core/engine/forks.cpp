// SPDX-License-Identifier: Apache-2.0
#include "forks.hpp"

#include <pthread.h>

#include <atomic>

namespace carousel {
namespace {

std::atomic<unsigned> forks_so_far{0};

void count_fork() noexcept { forks_so_far.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

unsigned forks() noexcept {
  // A failure means that there is no memory for a list of handlers: then forks remain unnoticed.
  static const int registered = pthread_atfork(nullptr, nullptr, count_fork);
  static_cast<void>(registered);
  return forks_so_far.load(std::memory_order_relaxed);
}

}  // namespace carousel
