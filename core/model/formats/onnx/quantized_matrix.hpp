// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"

#include <cstdint>
#include <string>

/// The matrices of ONNX Runtime's DynamicQuantizeLSTM, which its dynamic quantizer makes of LSTM.
/// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
namespace carousel::loading::onnx {

/// A matrix of integers as a node's inputs have it. `name` is that of the first of them.
struct QuantizedMatrix {
  std::string name;                   ///< "W" or "R"
  const Array* values = nullptr;      ///< int8 or uint8 [directions, columns, rows]; null: omitted
  const Array* scale = nullptr;       ///< [directions] or [directions, rows]; null: omitted
  const Array* zero_point = nullptr;  ///< likewise, of the type of the values; null: zeros
};

/// What the node says of its matrices.
struct QuantizedSizes {
  std::int64_t directions = 1;
  std::int64_t hidden = 0;  ///< R has as many columns; the rows are those of four gates.
};

/// float32 [directions, rows, columns], the layout of LSTM's inputs: (value - zero point) * scale,
/// rounded once. Throws Refusal naming the input and the rule it breaks.
[[nodiscard]] Array dequantized(const QuantizedMatrix& matrix, const QuantizedSizes& sizes);

}  // namespace carousel::loading::onnx
