// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/model/formatted.hpp"

namespace carousel::loading {

/// Where a text stops being JSON, and what is there: what follows "is " in a message.
[[nodiscard]] inline std::string json_fault(std::string_view text,
                                            const nlohmann::json::parse_error& error) {
  const std::string where = formatted("byte {}", error.byte);
  if (error.byte > text.size()) return formatted("not complete JSON ({})", where);
  const std::string_view rest = text.substr(error.byte - std::min<std::size_t>(error.byte, 1));
  for (const char* word : {"NaN", "nan", "Infinity", "inf"}) {
    if (!rest.starts_with(word)) continue;
    return formatted("not JSON, which has no number {} ({})", word, where);
  }
  return formatted("not JSON ({})", where);
}

}  // namespace carousel::loading
