// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace carousel::onednn {

/// Sets OpenMP's number of threads, which oneDNN uses, during its lifetime.
class ScopedThreads {
 public:
  explicit ScopedThreads(int threads) noexcept;
  ~ScopedThreads();
  ScopedThreads(const ScopedThreads&) = delete;
  ScopedThreads& operator=(const ScopedThreads&) = delete;

 private:
  int saved_;
};

}  // namespace carousel::onednn
