// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

namespace carousel {

inline constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector

/// Zero-initialized floats on a 64-byte boundary; size fixed at construction, move-only.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(std::int64_t count)
      : size_(static_cast<std::size_t>(count)),
        data_(static_cast<float*>(
            ::operator new (size_ * sizeof(float), std::align_val_t{kAlignment}))) {
    std::fill_n(data_.get(), size_, 0.0F);
  }

  [[nodiscard]] float* data() const noexcept { return data_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return size_ * sizeof(float); }
  [[nodiscard]] std::span<float> span() const noexcept { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(float* p) const noexcept {
      ::operator delete (p, std::align_val_t{kAlignment});
    }
  };
  std::size_t size_ = 0;
  std::unique_ptr<float, Free> data_;
};

}  // namespace carousel
