// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>

#include <stdexcept>
#include <string>

namespace carousel {

/// What every fallible Carousel function throws. The text names the file, tensor, shape or option
/// concerned and the rule it broke, so that it can be shown to a user as it is.
class CAROUSEL_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The result of a call on the hot path, which never throws. Converts to `true` when all is well.
/// `message()` is a string with static storage duration, empty on success.
class [[nodiscard]] Status {
 public:
  constexpr Status() noexcept = default;
  /// `message` must be a string literal (or live as long as the program).
  static constexpr Status failure(const char* message) noexcept { return Status(message); }

  constexpr explicit operator bool() const noexcept { return message_ == nullptr; }
  [[nodiscard]] constexpr const char* message() const noexcept {
    return message_ == nullptr ? "" : message_;
  }

 private:
  constexpr explicit Status(const char* message) noexcept : message_(message) {}
  const char* message_ = nullptr;
};

}  // namespace carousel
