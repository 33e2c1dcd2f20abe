// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace carousel {

inline constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector

/// There is no memory for an array of that many bytes.
class NoMemory : public std::bad_alloc {
 public:
  explicit NoMemory(double bytes) noexcept : bytes_(bytes) {}
  /// More may have been asked for than an integer can say.
  [[nodiscard]] double bytes() const noexcept { return bytes_; }

 private:
  double bytes_;
};

/// Zero-initialized numbers on a 64-byte boundary; size fixed at construction, move-only. Big
/// arrays ask for huge pages: weights are read from end to end in every step, which would need more
/// entries than the translation buffer has.
template <class T>
class Aligned {
 public:
  Aligned() = default;
  /// Throws NoMemory when there is no memory for them, and when `count` is negative.
  explicit Aligned(std::int64_t count)
      : size_(checked(count)), data_(allocate(bytes()), Free{alignment(bytes())}) {
    std::fill_n(data_.get(), size_, T{});
  }

  [[nodiscard]] T* data() const noexcept { return data_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return size_ * sizeof(T); }
  [[nodiscard]] std::span<T> span() const noexcept { return {data_.get(), size_}; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20U;

  static std::size_t checked(std::int64_t count) {
    constexpr std::int64_t kMost =
        sizeof(void*) < 8 ? (std::int64_t{1} << 31U) / static_cast<std::int64_t>(sizeof(T))
                          : std::int64_t{1} << 56U;
    if (count < 0 || count > kMost) throw NoMemory(static_cast<double>(count) * sizeof(T));
    return static_cast<std::size_t>(count);
  }
  static constexpr std::size_t alignment(std::size_t bytes) noexcept {
    return bytes >= kHugePage ? kHugePage : kAlignment;
  }
  static void* new_bytes(std::size_t bytes) {
    try {
      return ::operator new (bytes, std::align_val_t{alignment(bytes)});
    } catch (const std::bad_alloc&) {
      throw NoMemory(static_cast<double>(bytes));
    }
  }
  static T* allocate(std::size_t bytes) {
    void* memory = new_bytes(bytes);
#if defined(__linux__)
    // A hint: where the kernel has no huge page to give, nothing changes.
    if (bytes >= kHugePage) (void)::madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    return static_cast<T*>(memory);
  }

  class Free {
   public:
    Free() noexcept : Free(kAlignment) {}
    explicit Free(std::size_t alignment) noexcept : alignment_(alignment) {}
    void operator()(T* p) const noexcept { ::operator delete (p, std::align_val_t{alignment_}); }

   private:
    std::size_t alignment_;
  };
  std::size_t size_ = 0;
  std::unique_ptr<T, Free> data_;
};

using AlignedFloats = Aligned<float>;

}  // namespace carousel
