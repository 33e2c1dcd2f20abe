// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recurrent_node.hpp"

/// Recurrent nodes of a graph that ONNX Runtime shows to an execution provider.
namespace carousel::onnxruntime {

/// Whether it is an LSTM, GRU or RNN of the standard.
[[nodiscard]] bool is_recurrent(const Ort::ConstNode& node);

/// Reads a recurrent node. Throws Error (unsupported, bad_format) naming the node and what Carousel
/// cannot do: weights that are no constants, other types than float32, and what `carousel::load`
/// refuses.
[[nodiscard]] RecurrentNode read_node(const Ort::ConstNode& node);

}  // namespace carousel::onnxruntime
