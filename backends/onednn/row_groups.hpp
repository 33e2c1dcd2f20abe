// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace carousel::onednn {

/// The rows of a batch that have at least one step, in groups of equal length.
class RowGroups {
 public:
  struct Group {
    std::span<const std::int64_t> rows;
    std::int64_t length;
  };

  explicit RowGroups(std::int64_t batch) : rows_(static_cast<std::size_t>(batch)) {
    groups_.reserve(rows_.size());
  }

  /// Groups the rows anew. Without `lengths` all have `steps`. Allocates nothing.
  void assign(const std::int64_t* lengths, std::int64_t steps) noexcept {
    std::iota(rows_.begin(), rows_.end(), std::int64_t{0});
    groups_.clear();
    if (lengths == nullptr) {
      groups_.push_back({rows_, steps});
      return;
    }
    std::sort(rows_.begin(), rows_.end(),
              [lengths](std::int64_t a, std::int64_t b) { return lengths[a] < lengths[b]; });
    for (std::size_t i = 0; i < rows_.size(); i += add_group(i, lengths)) {
    }
  }

  /// Shortest first.
  [[nodiscard]] std::span<const Group> groups() const noexcept { return groups_; }

 private:
  /// Adds the group of the row at `first` unless its length is zero; returns how many rows it has.
  std::size_t add_group(std::size_t first, const std::int64_t* lengths) noexcept {
    const std::int64_t length = lengths[rows_[first]];
    std::size_t count = 1;
    while (first + count < rows_.size() && lengths[rows_[first + count]] == length) ++count;
    if (length > 0) groups_.push_back({{&rows_[first], count}, length});
    return count;
  }

  std::vector<std::int64_t> rows_;
  std::vector<Group> groups_;
};

}  // namespace carousel::onednn
