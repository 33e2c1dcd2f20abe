// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <vector>

namespace carousel::bench {

/// Processes that do nothing but use a core, one on each that this process may use. They end with
/// this object, and with the process.
class BusyNeighbours {
 public:
  /// Throws Error when the system gives no more processes.
  BusyNeighbours();
  BusyNeighbours(const BusyNeighbours&) = delete;
  BusyNeighbours& operator=(const BusyNeighbours&) = delete;
  ~BusyNeighbours() { end(); }

  [[nodiscard]] int count() const noexcept { return static_cast<int>(processes_.size()); }

 private:
  void end() noexcept;

  std::vector<pid_t> processes_;
};

}  // namespace carousel::bench
