// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <cstdint>
#include <vector>

/// \file
/// Parts of an axis of a tensor of the network: of features, or of its steps.
namespace carousel::loading::onnx {

/// As a slice in ONNX: negative positions count from the end.
struct StepRange {
  std::int64_t first = 0;
  std::int64_t end = 0;
  std::int64_t stride = 1;
};

[[nodiscard]] Tensor select_range(const Call& call, const Tensor& tensor, std::size_t axis,
                                  const StepRange& range);
/// The elements at those positions.
[[nodiscard]] Tensor select_positions(const Call& call, const Tensor& tensor, std::size_t axis,
                                      const std::vector<std::int64_t>& positions);
/// The steps that a layer of this spec takes. `count`: how many, if that is known.
[[nodiscard]] Tensor select_steps(const Call& call, const Tensor& tensor, std::size_t axis,
                                  SelectStepsSpec spec, std::optional<std::int64_t> count);

}  // namespace carousel::loading::onnx
