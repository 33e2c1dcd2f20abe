// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace carousel::onednn {

/// While it lives, oneDNN, which asks OpenMP for its thread count, sees `threads`.
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
