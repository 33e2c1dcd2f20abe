// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace carousel::detail {

/// Blocks all signals in the current thread during its lifetime. Threads that are started meanwhile
/// inherit that, so that signals are delivered to the application's threads only.
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

}  // namespace carousel::detail
