// SPDX-License-Identifier: Apache-2.0
#include "array_checks.hpp"

#include "format.hpp"

#include <carousel/error.hpp>

#include <limits>

namespace carousel::cli {

std::vector<std::int32_t> checked_ids(const NpyArray& array, std::int64_t count,
                                      const std::string& what) {
  const std::vector<std::int64_t>& values = array.integers(what);
  using Limits = std::numeric_limits<std::int32_t>;
  const std::int64_t least = count > 0 ? 0 : Limits::min();
  const std::int64_t most = count > 0 ? count - 1 : Limits::max();
  std::vector<std::int32_t> ids(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < least || values[i] > most) {
      throw Error(ErrorCode::invalid_argument,
                  what + ": id " + std::to_string(values[i]) + " (element " + std::to_string(i) +
                      ") is outside " + std::to_string(least) + ".." + std::to_string(most));
    }
    ids[i] = static_cast<std::int32_t>(values[i]);
  }
  return ids;
}

void refuse_array(const std::string& what, const std::string& expected, const NpyArray& found,
                  const std::string& hint) {
  throw Error(ErrorCode::invalid_argument, what + ": expected " + expected + ", found " +
                                               (found.is_integer() ? "integers " : "floats ") +
                                               format_shape(found.shape) + hint);
}

}  // namespace carousel::cli
