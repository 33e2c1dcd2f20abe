// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "frame_writer.hpp"

namespace carousel::loading::onnx {

/// Writes a convolution with the nodes that bring its positions into ONNX's order and back.
void write_convolution(GraphWriter& graph, const ConvolutionSpec& spec, const Weights& weights,
                       const FrameWriter::Place& place);

}  // namespace carousel::loading::onnx
