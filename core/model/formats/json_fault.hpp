// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formatted.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace carousel::loading {

/// Where a text stops being JSON, and what is there: what follows "is " in a message. Bytes are
/// counted from 1, as nlohmann's parser does.
[[nodiscard]] inline std::string json_fault(std::string_view text, std::size_t byte) {
  const std::string where = formatted("byte {}", byte);
  if (byte > text.size()) return formatted("not complete JSON ({})", where);
  const std::string_view rest = text.substr(byte - std::min<std::size_t>(byte, 1));
  for (const char* word : {"NaN", "nan", "Infinity", "inf"}) {
    if (!rest.starts_with(word)) continue;
    return formatted("not JSON, which has no number {} ({})", word, where);
  }
  return formatted("not JSON ({})", where);
}

}  // namespace carousel::loading
