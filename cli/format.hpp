// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Numbers and texts as people read them: a few digits and a unit.
namespace carousel::cli {

[[nodiscard]] std::string format_time(double seconds);      ///< "12.3 µs"
[[nodiscard]] std::string format_rate(double per_second);   ///< "81.4 k/s"
[[nodiscard]] std::string format_bytes(double bytes);       ///< "1.5 MiB"
[[nodiscard]] std::string format_percent(double fraction);  ///< 0.123 -> "12 %"
[[nodiscard]] std::string format_threads(int threads);      ///< "1 thread", "2 threads"
[[nodiscard]] std::string format_fixed(double value, int digits);
[[nodiscard]] std::string format_error(double value);        ///< "1.2e-07", "0", "nan"
[[nodiscard]] std::string format_count(std::int64_t value);  ///< "1,234,567"
[[nodiscard]] std::string format_shape(const std::vector<std::int64_t>& shape);  ///< "[3, 4]"

[[nodiscard]] std::string format_hex(std::uint64_t value);  ///< All 16 digits.

/// "x, y"
[[nodiscard]] std::string join(const std::vector<std::string>& words, const char* separator = ", ");

/// A horizontal bar of `width` cells, `fraction` of it filled, in eighths of a cell.
[[nodiscard]] std::string format_bar(double fraction, int width);

/// Columns that UTF-8 text takes on a terminal (every code point counted as one).
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;

/// Control characters escaped, and shortened to `limit` columns with "…" when longer.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t limit);

}  // namespace carousel::cli
