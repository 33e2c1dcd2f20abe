// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>
#include <carousel/types.h>

#include <array>
#include <cstdint>
#include <exception>
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

/// Calls `function(text, size)`, which returns a status, and keeps whatever comes of it.
template <class Function>
Answer ask(Function&& function) {
  std::array<char, 1024> text{};
  Answer answer;
  try {
    answer.status = function(text.data(), text.size());
    text.back() = '\0';
    if (!answer.ok()) answer.text = clean_text(text.data());
    if (!answer.ok() && answer.text.empty()) answer.text = status_name(answer.status);
  } catch (const std::exception& error) {
    answer = {CAROUSEL_INTERNAL_ERROR, "threw an exception: " + clean_text(error.what())};
  } catch (...) {
    answer = {CAROUSEL_INTERNAL_ERROR, "threw an exception of unknown type"};
  }
  return answer;
}

}  // namespace carousel::plugins
