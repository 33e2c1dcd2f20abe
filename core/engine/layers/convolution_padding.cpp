// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/convolution_padding.hpp"

#include <algorithm>

namespace carousel::layers {
namespace {

/// The position of the data that one outside of it, [0, count), mirrors.
std::int64_t reflected(std::int64_t position, std::int64_t count) noexcept {
  if (count == 1) return 0;
  const std::int64_t period = 2 * (count - 1);
  const std::int64_t within = (position % period + period) % period;
  return within < count ? within : period - within;
}

/// Fills the padding that stands where `position` of the data would.
void fill_position(const PaddedLine& line, PaddingMode mode, std::int64_t position) noexcept {
  float* to = line.at(line.before + position);
  if (mode == PaddingMode::zeros || line.count == 0) {
    std::fill_n(to, line.channels, 0.0F);
    return;
  }
  const std::int64_t from = mode == PaddingMode::reflect
                                ? reflected(position, line.count)
                                : std::clamp<std::int64_t>(position, 0, line.count - 1);
  std::copy_n(line.at(line.before + from), line.channels, to);
}

}  // namespace

void fill_padding(const PaddedLine& line, PaddingMode mode) noexcept {
  for (std::int64_t p = -line.before; p < 0; ++p) fill_position(line, mode, p);
  for (std::int64_t p = 0; p < line.after; ++p) fill_position(line, mode, line.count + p);
}

}  // namespace carousel::layers
