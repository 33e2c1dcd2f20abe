// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Counts calls of malloc and its family, operator new included, from any thread of this program
/// and any library in it. Works under the sanitizers as well, through their own hooks.
namespace carousel::testing_support {

class AllocationCount {
 public:
  /// Starts counting from zero. Only one at a time.
  AllocationCount();
  ~AllocationCount();
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;

  /// Allocations and releases since then.
  [[nodiscard]] long allocated() const;
  [[nodiscard]] long released() const;
};

}  // namespace carousel::testing_support
