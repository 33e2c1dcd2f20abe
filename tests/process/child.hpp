// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace carousel::process_test {

/// A child that takes longer than this hangs, and is killed.
inline constexpr unsigned kMostSeconds = 120;

/// What a parent does before it forks. AddressSanitizer does not release its locks in a child: if a
/// thread of the parent has one while it starts or allocates, the child waits for it forever. So
/// with AddressSanitizer this returns once all other threads have gone to sleep.
void prepare_to_fork();

/// What a child does first.
void become_child();

/// Forks. The child calls `body`, ends its threads and static objects as any process does, and
/// exits with 0 if `body` returned true. Returns whether it did.
template <class Body>
bool succeeds_in_child(Body&& body) {
  prepare_to_fork();
  const pid_t child = fork();
  if (child == 0) {
    become_child();
    std::exit(body() ? 0 : 1);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

}  // namespace carousel::process_test

/// ThreadSanitizer ends processes that make threads after a fork.
#if defined(CAROUSEL_TEST_TSAN)
#define CAROUSEL_TEST_WITHOUT_FORK 1
#endif
