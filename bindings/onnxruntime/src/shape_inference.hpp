// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ort.hpp"
#include "seen_activations.hpp"

namespace carousel::onnxruntime {

/// What ONNX Runtime (1.24 and newer) asks a custom operator about a node: says the shape of Y if
/// all its sizes are known or have names, and notes the node's `activations`. The shapes of Y_h and
/// Y_c stay open, since nothing tells whether the node has them.
void infer_shapes(const OrtShapeInferContext& context, SeenActivations& seen);

}  // namespace carousel::onnxruntime
