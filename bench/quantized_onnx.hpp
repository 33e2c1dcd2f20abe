// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace carousel::bench {

/// An ONNX file that save_onnx wrote, with DynamicQuantizeLSTM for each LSTM, as ONNX Runtime's
/// dynamic quantizer makes it by default: W and R are int8, with a scale for each direction and
/// zero points of 0. The largest weight of a direction becomes `most`: 127, or 63 as with the
/// quantizer's reduce_range, which keeps sums of two products in 16 bits on CPUs without VNNI.
/// Throws Error where the file has no LSTM, or GRU or RNN nodes, which that
/// quantizer leaves alone.
[[nodiscard]] std::vector<std::byte> quantized_onnx(std::span<const std::byte> file,
                                                    float most = 127);

}  // namespace carousel::bench
