// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recurrent_node.hpp"
#include "seen_activations.hpp"

/// Recurrent nodes as ONNX Runtime shows them to the kernels of custom operators.
namespace carousel::onnxruntime {

/// Reads a node of that operator. `seen` is null where ONNX Runtime cannot tell `activations`: then
/// nodes that have this attribute are refused. Throws Error (unsupported, bad_format) naming the
/// node and what Carousel cannot do: weights that are no constants, other types than float32, and
/// what `carousel::load` refuses.
[[nodiscard]] RecurrentNode read_node(const Ort::ConstKernelInfo& info,
                                      const std::string& operator_type,
                                      const SeenActivations* seen);

}  // namespace carousel::onnxruntime
