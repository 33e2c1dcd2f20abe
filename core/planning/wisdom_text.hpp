// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

/// What writing and reading of wisdom files share.
namespace carousel::wisdom {

using Json = nlohmann::ordered_json;

inline constexpr const char* kFormat = "carousel wisdom";
inline constexpr std::int64_t kVersion = 4;
inline constexpr std::int64_t kOldestVersion = 3;  ///< which has no reads

/// The JSON as valid UTF-8, even if its strings are not.
[[nodiscard]] std::string text_of(const Json& json);

/// 64-bit FNV-1a: detects files that were damaged by accident, not those changed on purpose.
/// http://www.isthe.com/chongo/tech/comp/fnv/
[[nodiscard]] std::string checksum(std::string_view text);

}  // namespace carousel::wisdom
