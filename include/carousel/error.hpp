// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace carousel {

/// What kind of thing went wrong, for programs; the text of an Error is for people. The numbers are
/// those of `carousel_status` in types.h.
enum class ErrorCode : std::uint8_t {
  invalid_argument = 1,  ///< a value, size or name that a caller gave breaks a rule
  bad_format = 2,        ///< the contents of a file break a rule of its format
  unsupported = 3,       ///< well-formed, but no backend, format or build here can do it
  out_of_memory = 4,     ///< memory for it could not be had
  internal = 5,          ///< a mistake in Carousel: please report it
  file_not_found = 6,    ///< there is no such file
  file_access = 7,       ///< the file exists but cannot be read, or it cannot be written
  plugin_failed = 8,     ///< a plug-in cannot be loaded, or did not keep its contract
};

/// "invalid argument", "bad format", ...
[[nodiscard]] CAROUSEL_API std::string_view name(ErrorCode code) noexcept;

/// What every fallible Carousel function throws. The text names the file, tensor, shape or option
/// concerned and the rule it broke, so that it can be shown to a user as it is.
class CAROUSEL_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& text) : std::runtime_error(text), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

/// The result of a call on the hot path, which never throws. Converts to `true` when all is well.
/// `message()`, empty on success, stays until the stream's next run that fails, or its end.
class [[nodiscard]] Status {
 public:
  constexpr Status() noexcept = default;
  /// `message` must live as long as `message()` promises, such as a string literal.
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
