// SPDX-License-Identifier: Apache-2.0
#include "core/engine/no_memory.hpp"
#include "core/model/formatted.hpp"

#include <array>
#include <cstdio>

namespace carousel::detail {

Error no_memory_for(const std::string& what, double bytes) {
  std::array<char, 64> count{};
  if (bytes > 0) (void)std::snprintf(count.data(), count.size(), " of %.0f bytes", bytes);
  return {ErrorCode::out_of_memory, formatted("out of memory{} for {}", count.data(), what)};
}

}  // namespace carousel::detail
