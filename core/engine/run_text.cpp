// SPDX-License-Identifier: Apache-2.0
#include "core/engine/run_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <span>

namespace carousel::detail {

RunText::Memory& RunText::memory() noexcept {
  // With this model, the first use in a thread allocates nothing, not even in a library that was
  // loaded at run time.
  __attribute__((tls_model("initial-exec"))) thread_local Memory text;
  return text;
}

template <class Number>
void RunText::add_number(Number number) noexcept {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  add(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

RunText::RunText() noexcept : text_(memory()) {}

void RunText::add(std::string_view part) noexcept {
  const std::size_t count = std::min(part.size(), kRoom - used_);
  std::copy_n(part.data(), count, text_.data() + used_);
  used_ += count;
}

void RunText::add(std::int64_t number) noexcept { add_number(number); }

void RunText::add(std::uint64_t number) noexcept { add_number(number); }

/// By printf, as libc++ 16 has no to_chars for floats.
void RunText::add(float number) noexcept {
  std::array<char, 32> digits;
  std::snprintf(digits.data(), digits.size(), "%.9g", static_cast<double>(number));
  add(std::string_view(digits.data()));
}

void RunText::add(const Quoted& part) noexcept {
  used_ += quote_into(std::span(text_).subspan(used_, kRoom - used_), part.name);
}

Status RunText::failure() noexcept {
  text_[used_] = '\0';
  return Status::failure(text_.data());
}

}  // namespace carousel::detail
