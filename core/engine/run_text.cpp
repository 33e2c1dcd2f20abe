// SPDX-License-Identifier: Apache-2.0
#include "core/engine/run_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

namespace carousel::detail {

namespace {

// With this model, the first use in a thread allocates nothing, not even in a library that was
// loaded at run time. Such libraries share little memory of this kind: a pointer, not the text.
__attribute__((tls_model("initial-exec"))) thread_local RunText::Memory* memory_in_use = nullptr;

}  // namespace

void RunText::use(Memory& memory) noexcept { memory_in_use = &memory; }

template <class Number>
void RunText::add_number(Number number) noexcept {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  add(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

RunText::RunText() noexcept : text_(*memory_in_use) {}

void RunText::add(std::string_view part) noexcept {
  const std::size_t count = std::min(part.size(), kRoom - used_);
  std::copy_n(part.data(), count, text_.data() + used_);
  used_ += count;
}

void RunText::add(std::int64_t number) noexcept { add_number(number); }

void RunText::add(std::uint64_t number) noexcept { add_number(number); }

/// To millionths, without printf, which is a tenth of the WebAssembly module; its libc++ has no
/// to_chars for floats.
void RunText::add(float number) noexcept {
  constexpr float kMost = 0x1p62F;
  constexpr std::int64_t kParts = 1000000;
  if (std::isnan(number)) return add(std::string_view("NaN"));
  if (number < 0) add(std::string_view("-"));
  const float size = std::fabs(number);
  if (size > kMost) return add(std::string_view("more than 4.6e18"));
  const auto whole = static_cast<std::int64_t>(size);
  auto parts = static_cast<std::int64_t>((size - static_cast<float>(whole)) * float{kParts});
  add(whole);
  if (parts == 0) return;
  std::array<char, 8> digits{".000000"};
  for (std::size_t k = 6; k > 0; --k, parts /= 10) {
    digits[k] = static_cast<char>('0' + parts % 10);
  }
  const std::string_view text(digits.data(), 7);
  add(text.substr(0, text.find_last_not_of('0') + 1));
}

void RunText::add(const Quoted& part) noexcept {
  used_ += quote_into(std::span(text_).subspan(used_, kRoom - used_), part.name);
}

Status RunText::failure() noexcept {
  text_[used_] = '\0';
  return Status::failure(text_.data());
}

}  // namespace carousel::detail
