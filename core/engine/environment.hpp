// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string_view>

namespace carousel {

/// The value of an environment variable; null where there is none. Of a program that runs with more
/// rights than its user's (setuid), no variable counts: it is the user who sets them.
[[nodiscard]] inline const char* environment(const char* variable) noexcept {
#if defined(__GLIBC__)
  return ::secure_getenv(variable);
#else
  return std::getenv(variable);
#endif
}

/// The same as text; empty where there is none.
[[nodiscard]] inline std::string_view environment_text(const char* variable) noexcept {
  const char* value = environment(variable);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace carousel
