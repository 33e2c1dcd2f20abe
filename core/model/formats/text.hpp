// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Small helpers that every loader's error messages and size checks share.
namespace carousel::loading {

/// `text` in single quotes, fit to be shown: control bytes escaped, cut when very long. Names come
/// from untrusted files and may be a hundred megabytes of anything.
[[nodiscard]] std::string quote(std::string_view text);

/// "[4, 3]"
[[nodiscard]] std::string shape_text(std::span<const std::int64_t> shape);

/// Throws Error "source: text".
[[noreturn]] void fail(std::string_view source, std::string_view text);

/// Offset of the first byte that is not valid UTF-8 (overlong forms and surrogates are not), or
/// nothing.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// a * b of non-negative numbers, or nothing when it exceeds int64.
[[nodiscard]] std::optional<std::int64_t> checked_multiply(std::int64_t a, std::int64_t b);

/// The product of the dimensions, or nothing when it (or a part of it) exceeds int64.
[[nodiscard]] std::optional<std::int64_t> element_count(std::span<const std::int64_t> shape);

}  // namespace carousel::loading
