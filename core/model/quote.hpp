// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// \file
/// Names in texts for people. A name comes from a file or a caller, and may be a hundred megabytes
/// of anything: line ends, commands of terminals, bytes that are no UTF-8, marks that turn the
/// direction of writing. Such bytes are shown as "\x1b".
namespace carousel {

/// The name in single quotes, cut when very long; quotes and backslashes in it get a backslash.
[[nodiscard]] std::string quote(std::string_view name);

/// The same into memory of the caller, as much of it as fits; returns how many bytes that is.
/// Allocates nothing.
std::size_t quote_into(std::span<char> to, std::string_view name) noexcept;

/// All of the name without quotes, for tables and lists.
[[nodiscard]] std::string escaped(std::string_view name);

}  // namespace carousel
