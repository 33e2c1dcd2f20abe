// SPDX-License-Identifier: Apache-2.0
#include "c_api.hpp"

#include <string_view>

#define CAROUSEL_QUOTE(number) #number
#define CAROUSEL_DOTTED(major, minor, patch) \
  CAROUSEL_QUOTE(major) "." CAROUSEL_QUOTE(minor) "." CAROUSEL_QUOTE(patch)

namespace carousel::c_api {
namespace {

static_assert(std::string_view(CAROUSEL_PROJECT_VERSION) == CAROUSEL_DOTTED(CAROUSEL_VERSION_MAJOR,
                                                                            CAROUSEL_VERSION_MINOR,
                                                                            CAROUSEL_VERSION_PATCH),
              "the version in carousel.h must be that in CMakeLists.txt");

// The pointer is what a failing run touches. With this model, the first use in a thread allocates
// nothing, not even in a library that was loaded at run time.
__attribute__((tls_model("initial-exec"))) thread_local const char* last_error = "";
thread_local std::string kept_error;

static_assert(static_cast<int>(ErrorCode::invalid_argument) == CAROUSEL_INVALID_ARGUMENT);
static_assert(static_cast<int>(ErrorCode::bad_format) == CAROUSEL_BAD_FORMAT);
static_assert(static_cast<int>(ErrorCode::unsupported) == CAROUSEL_UNSUPPORTED);
static_assert(static_cast<int>(ErrorCode::out_of_memory) == CAROUSEL_OUT_OF_MEMORY);
static_assert(static_cast<int>(ErrorCode::internal) == CAROUSEL_INTERNAL_ERROR);
static_assert(static_cast<int>(ErrorCode::file_not_found) == CAROUSEL_FILE_NOT_FOUND);
static_assert(static_cast<int>(ErrorCode::file_access) == CAROUSEL_FILE_ACCESS);
static_assert(static_cast<int>(ErrorCode::plugin_failed) == CAROUSEL_PLUGIN_FAILED);

}  // namespace

carousel_status status_of(ErrorCode code) noexcept { return static_cast<carousel_status>(code); }

void set_error(const char* text) noexcept {
  try {
    kept_error = text;
    last_error = kept_error.c_str();
  } catch (...) {
    last_error = "out of memory";
  }
}

void set_static_error(const char* text) noexcept { last_error = text; }

}  // namespace carousel::c_api

extern "C" {

const char* carousel_version(void) { return CAROUSEL_PROJECT_VERSION; }

const char* carousel_last_error(void) { return carousel::c_api::last_error; }
}
