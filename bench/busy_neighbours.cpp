// SPDX-License-Identifier: Apache-2.0
#include "busy_neighbours.hpp"

#include <carousel/error.hpp>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

namespace carousel::bench {
namespace {

/// What a neighbour does, on one core, until it is killed.
[[noreturn]] void use_core(std::size_t core, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);  // it ended before the line above
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  sched_setaffinity(0, sizeof one, &one);
  for (;;) std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace

BusyNeighbours::BusyNeighbours() {
  cpu_set_t allowed{};
  sched_getaffinity(0, sizeof allowed, &allowed);
  const pid_t parent = getpid();
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed)) continue;
    const pid_t child = fork();
    if (child == 0) use_core(core, parent);
    if (child < 0) {
      end();
      throw Error(ErrorCode::invalid_argument, "--neighbours: no more processes (fork failed)");
    }
    processes_.push_back(child);
  }
}

void BusyNeighbours::end() noexcept {
  for (const pid_t process : processes_) kill(process, SIGKILL);
  for (const pid_t process : processes_) waitpid(process, nullptr, 0);
  processes_.clear();
}

}  // namespace carousel::bench
