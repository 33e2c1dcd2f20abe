// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace carousel::testing_support {

/// Networks and cases that this project did not make and does not contain: CAROUSEL_REAL_DIR, else
/// ../shared/real beside the source tree.
inline std::filesystem::path real_folder() {
  const char* given = std::getenv("CAROUSEL_REAL_DIR");
  if (given != nullptr && *given != '\0') return given;
  return CAROUSEL_SOURCE_DIR "/../shared/real";
}

}  // namespace carousel::testing_support

/// Skips the test, saying so, where `file` of that folder is missing.
#define CAROUSEL_NEEDS_REAL(file)                                                            \
  if (!std::filesystem::exists(::carousel::testing_support::real_folder() / (file)))         \
  GTEST_SKIP() << "needs " << (::carousel::testing_support::real_folder() / (file)).string() \
               << "; set CAROUSEL_REAL_DIR to the folder that has it"
