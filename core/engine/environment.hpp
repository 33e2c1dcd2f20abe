// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

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

}  // namespace carousel
