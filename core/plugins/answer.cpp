// SPDX-License-Identifier: Apache-2.0
#include "core/plugins/answer.hpp"

#include <algorithm>
#include <cstring>
#include <exception>

namespace carousel::plugins {

std::string clean_text(const char* text) {
  constexpr std::size_t kLongest = 300;
  std::string line;
  for (; text != nullptr && *text != '\0' && line.size() < kLongest; ++text) {
    const bool space = *text == '\n' || *text == '\t';
    const bool printable = *text >= ' ' && *text <= '~';
    line += space ? ' ' : printable ? *text : '?';
  }
  return line;
}

std::string status_name(std::int32_t status) {
  switch (status) {
    case CAROUSEL_INVALID_ARGUMENT: return "invalid argument, without a text";
    case CAROUSEL_BAD_FORMAT: return "bad format, without a text";
    case CAROUSEL_UNSUPPORTED: return "unsupported, without a text";
    case CAROUSEL_OUT_OF_MEMORY: return "out of memory";
    case CAROUSEL_INTERNAL_ERROR: return "internal error, without a text";
    case CAROUSEL_FILE_NOT_FOUND: return "file not found, without a text";
    case CAROUSEL_FILE_ACCESS: return "file access, without a text";
    case CAROUSEL_PLUGIN_FAILED: return "plug-in failed, without a text";
    default: return "unknown status " + std::to_string(status) + ", without a text";
  }
}

void copy_handled_text(TextBuffer& text) noexcept {
  try {
    throw;
  } catch (const std::exception& error) {
    const std::size_t length = std::min(std::strlen(error.what()), text.size() - 1);
    std::memcpy(text.data(), error.what(), length);
    text[length] = '\0';
  } catch (...) {
    text.front() = '\0';
  }
}

Answer make_answer(std::int32_t status, bool threw, const TextBuffer& text) {
  std::string line = clean_text(text.data());
  if (threw) {
    return {CAROUSEL_INTERNAL_ERROR,
            line.empty() ? "threw an exception of unknown type" : "threw an exception: " + line};
  }
  if (status == CAROUSEL_OK) return {};
  return {status, line.empty() ? status_name(status) : std::move(line)};
}

void fail(const std::string& what, ErrorCode code) { throw Error(code, what); }

}  // namespace carousel::plugins
