// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace carousel::onednn {

/// Sets OpenMP's number of threads, which oneDNN uses, during its lifetime. In a process that has
/// been forked it is one thread, also for primitives that were made for several: OpenMP would wait
/// for threads that are in the other process.
class ScopedThreads {
 public:
  explicit ScopedThreads(int threads) noexcept;
  ~ScopedThreads();
  ScopedThreads(const ScopedThreads&) = delete;
  ScopedThreads& operator=(const ScopedThreads&) = delete;

 private:
  int threads_;
  int levels_;
};

}  // namespace carousel::onednn
