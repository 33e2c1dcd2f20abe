// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/view.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace carousel::conformance {

enum class Layout : std::uint8_t {
  steps_first,         ///< dense [steps, batch, features]
  batch_first,         ///< dense [batch, steps, features]
  steps_first_padded,  ///< the same with gaps after each row and each step
  batch_first_padded,
};

/// A sequence in memory full of guard words: before, after and in the gaps between rows. A guard
/// word read as a float is a NaN, so that reading it shows as well as writing it.
template <class T>
class Guarded {
  static_assert(sizeof(T) == sizeof(std::uint32_t));

 public:
  Guarded(Layout layout, std::int64_t steps, std::int64_t batch, std::int64_t features) {
    const bool padded =
        layout == Layout::steps_first_padded || layout == Layout::batch_first_padded;
    const bool by_steps = layout == Layout::steps_first || layout == Layout::steps_first_padded;
    const std::int64_t row = features + (padded ? 3 : 0);
    const std::int64_t outer = row * (by_steps ? batch : steps) + (padded ? 5 : 0);
    view_ = {nullptr, steps, batch, features, by_steps ? outer : row, by_steps ? row : outer};
    const std::int64_t count = outer * (by_steps ? steps : batch);
    words_.assign(static_cast<std::size_t>(count + 2 * kMargin), std::bit_cast<T>(kGuard));
    snapshot_ = words_;
    view_.data = words_.data() + kMargin;
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  [[nodiscard]] SequenceView<T> view() const { return view_; }

  /// Sets all elements from a dense [steps, batch, features] array.
  void set(std::span<const T> dense) {
    std::size_t next = 0;
    for_each_element([&](T& element) { element = dense[next++]; });
    snapshot_ = words_;
  }

  [[nodiscard]] std::vector<T> dense() const {
    std::vector<T> values;
    for_each_element([&](const T& element) { values.push_back(element); });
    return values;
  }

  /// No word has changed since `set`: for inputs.
  [[nodiscard]] bool unchanged() const {
    for (std::size_t k = 0; k < words_.size(); ++k) {
      if (!same(words_[k], snapshot_[k])) return false;
    }
    return true;
  }

  /// No word around the elements has changed: for outputs.
  [[nodiscard]] bool guards_intact() const {
    std::vector<bool> is_element(words_.size(), false);
    for_each_element([&](const T& element) {
      is_element[static_cast<std::size_t>(&element - words_.data())] = true;
    });
    for (std::size_t k = 0; k < words_.size(); ++k) {
      if (!is_element[k] && !same(words_[k], std::bit_cast<T>(kGuard))) return false;
    }
    return true;
  }

 private:
  static constexpr std::uint32_t kGuard = 0x7FE0BEEF;
  /// Odd, so that the data of every layout is aligned to nothing but its element.
  static constexpr std::int64_t kMargin = 67;

  static bool same(T a, T b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
  }

  template <class Visit>
  void for_each_element(Visit&& visit) const {
    for (std::int64_t step = 0; step < view_.steps; ++step) {
      for (std::int64_t row = 0; row < view_.batch; ++row) {
        T* first = view_.row(step, row);
        for (std::int64_t k = 0; k < view_.features; ++k) visit(first[k]);
      }
    }
  }

  std::vector<T> words_;
  std::vector<T> snapshot_;
  SequenceView<T> view_;
};

}  // namespace carousel::conformance
