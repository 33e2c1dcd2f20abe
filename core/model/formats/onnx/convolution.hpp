// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <cstdint>
#include <vector>

/// \file
/// What Conv and pooling have in common.
namespace carousel::loading::onnx {

/// The window that slides along one axis.
struct Window {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_begin = 0;
  std::int64_t pad_end = 0;
};

/// One for each axis of X from the third on. Throws Malformed for attributes that do not fit, and
/// Refusal where auto_pad depends on a size that is not known.
[[nodiscard]] std::vector<Window> read_windows(const Call& call, const Tensor& x,
                                               const std::vector<std::int64_t>& kernel);

}  // namespace carousel::loading::onnx
