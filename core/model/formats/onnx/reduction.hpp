// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <vector>

namespace carousel::loading::onnx {

/// A tensor of the network reduced along some of its axes, which are kept with size 1 if `keep`:
/// features of each frame, or all steps.
[[nodiscard]] Tensor reduce_axes(const Call& call, const Tensor& tensor, ReduceOperation operation,
                                 const std::vector<bool>& reduced, bool keep);

}  // namespace carousel::loading::onnx
