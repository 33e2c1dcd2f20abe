// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include <cstdint>

namespace carousel::layers {

/// What a convolution slides along: `before` positions of padding, `count` of data and `after` of
/// padding, [channels] each, contiguous.
struct PaddedLine {
  float* data = nullptr;
  std::int64_t channels = 0;
  std::int64_t before = 0;
  std::int64_t count = 0;
  std::int64_t after = 0;

  [[nodiscard]] float* at(std::int64_t position) const noexcept {
    return data + position * channels;
  }
};

/// Fills the positions before and after the data, which stand there. Zeros where there is no data.
void fill_padding(const PaddedLine& line, PaddingMode mode) noexcept;

}  // namespace carousel::layers
