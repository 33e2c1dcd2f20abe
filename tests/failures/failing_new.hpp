// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The operator new of this program, which can be told to fail: once or from then on, with
/// std::bad_alloc or with what libraries throw. Any place that allocates stands for any place
/// where a library is called.
namespace carousel::failures {

/// What an allocation ends with, and whether those after it do so too.
enum class Failure : unsigned char {
  bad_alloc_once,
  bad_alloc_from_then_on,
  length_error,
  filesystem_error,
  runtime_error,
  number,  ///< something that is no std::exception
};

/// While it lives, the n-th allocation (1, 2, ...) of any thread fails.
class FailingAllocation {
 public:
  FailingAllocation(long n, Failure failure) noexcept;
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  /// Whether there were as many. From then on nothing fails any more.
  [[nodiscard]] bool end() noexcept;
};

/// How many blocks are allocated now.
[[nodiscard]] long live_blocks() noexcept;

}  // namespace carousel::failures
