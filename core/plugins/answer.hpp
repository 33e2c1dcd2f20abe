// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>
#include <carousel/types.h>

#include <array>
#include <cstdint>
#include <string>

namespace carousel::plugins {

/// A plug-in's text as one printable line of limited length, whatever it is.
[[nodiscard]] std::string clean_text(const char* text);

/// "out of memory", ...
[[nodiscard]] std::string status_name(std::int32_t status);

/// Throws Error: a plug-in is not what plugin.h asks for. `what` begins in the middle of a
/// sentence, before which the caller puts whose plug-in it is.
[[noreturn]] void fail(const std::string& what, ErrorCode code = ErrorCode::plugin_failed);

/// What one call to a plug-in came to.
struct Answer {
  std::int32_t status = CAROUSEL_OK;
  std::string text;  ///< the plug-in's, or what stands for it; empty when all is well

  [[nodiscard]] bool ok() const noexcept { return status == CAROUSEL_OK; }
};

/// Where a plug-in writes its text.
using TextBuffer = std::array<char, 1024>;

/// To be called in a catch block: copies the text of what is being handled. Allocates nothing.
void copy_handled_text(TextBuffer& text) noexcept;

/// What is to be said of a call that ended with `status`, or with an exception.
[[nodiscard]] Answer make_answer(std::int32_t status, bool threw, const TextBuffer& text);

/// Calls `function(text, size)`, which returns a status, and keeps whatever comes of it. The
/// function must not allocate memory of the host's: what it throws counts as the plug-in's.
template <class Function>
Answer ask(Function&& function) {
  TextBuffer text{};
  std::int32_t status = CAROUSEL_INTERNAL_ERROR;
  bool threw = false;
  try {
    status = function(text.data(), text.size());
    text.back() = '\0';
  } catch (...) {
    threw = true;
    copy_handled_text(text);
  }
  return make_answer(status, threw, text);
}

}  // namespace carousel::plugins
