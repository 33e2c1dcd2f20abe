// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/quote.hpp"

#include <carousel/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carousel::detail {

/// A name in the text of a run's failure, where it is quoted.
struct Quoted {
  std::string_view name;
};

/// The text of a run's failure, made of parts in memory that the stream has for it, where it stays
/// until the next one: runs allocate nothing, even where they fail. What does not fit is cut off.
class RunText {
 public:
  static constexpr std::size_t kRoom = 255;
  using Memory = std::array<char, kRoom + 1>;

  /// The memory of this thread's next texts: what a run begins with.
  static void use(Memory& memory) noexcept;

  RunText() noexcept;

  void add(std::string_view part) noexcept;
  void add(std::int64_t number) noexcept;
  void add(std::uint64_t number) noexcept;
  void add(float number) noexcept;
  void add(const Quoted& part) noexcept;

  /// The text so far as a failure.
  [[nodiscard]] Status failure() noexcept;

 private:
  template <class Number>
  void add_number(Number number) noexcept;

  Memory& text_;
  std::size_t used_ = 0;
};

/// A failure whose text is "run: " and these parts. Out of the way of runs that do not fail.
template <class... Parts>
[[nodiscard, gnu::cold, gnu::noinline]] Status run_failure(const Parts&... parts) noexcept {
  RunText text;
  text.add(std::string_view("run: "));
  (text.add(parts), ...);
  return text.failure();
}

}  // namespace carousel::detail
