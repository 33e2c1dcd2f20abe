// SPDX-License-Identifier: Apache-2.0
#include "core/model/limits.hpp"
#include "core/model/formatted.hpp"

#include "core/model/element_count.hpp"

#include <carousel/error.hpp>

#include <array>

namespace carousel::detail {

void require_in(const std::string& what, std::int64_t value, std::int64_t least,
                std::int64_t most) {
  if (value >= least && value <= most) return;
  throw Error(ErrorCode::invalid_argument,
              formatted("{} is {}, but must be in {}..{}", what, value, least, most));
}

std::optional<std::int64_t> numbers_of(std::int64_t steps, std::int64_t batch,
                                       std::int64_t features) noexcept {
  const std::optional<std::int64_t> count = element_count(std::array{steps, batch, features});
  return count && *count <= kMostNumbers ? count : std::nullopt;
}

void refuse_numbers(const std::string& what, std::int64_t steps, std::int64_t batch,
                    std::int64_t features) {
  throw Error(
      ErrorCode::out_of_memory,
      formatted(
          "{}: {} steps of {} rows of {} features are more numbers than a sequence may have, {}",
          what, steps, batch, features, kMostNumbers));
}

}  // namespace carousel::detail
