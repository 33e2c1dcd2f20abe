// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace carousel {

/// Bytes of the well-formed UTF-8 sequence at `at`; 0 when there is none. Overlong forms,
/// surrogates and values above U+10FFFF are not well-formed.
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t at) noexcept;

/// Offset of the first byte that is not valid UTF-8, or nothing.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept;

}  // namespace carousel
