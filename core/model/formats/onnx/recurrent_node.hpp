// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"
#include "parse.hpp"

#include <carousel/model.hpp>

#include <string_view>

/// One LSTM, GRU or RNN node by itself: attributes and weights to spec and weights.
/// https://onnx.ai/onnx/operators/onnx__LSTM.html (onnx__GRU.html, onnx__RNN.html)
namespace carousel::loading::onnx {

/// Of ONNX Runtime's own operators.
inline constexpr std::string_view kMicrosoftDomain = "com.microsoft";

/// The weights of a node; null: omitted.
struct RecurrentInputs {
  const Array* w = nullptr;  ///< W [directions, gates * hidden_size, input_size]
  const Array* r = nullptr;  ///< R [directions, gates * hidden_size, hidden_size]
  const Array* b = nullptr;  ///< B [directions, 2 * gates * hidden_size]
  const Array* p = nullptr;  ///< P [directions, 3 * hidden_size], LSTM only
};

/// Whether it is ONNX Runtime's DynamicQuantizeLSTM: an LSTM whose matrices are integers.
[[nodiscard]] bool is_quantized(const schema::NodeProto& node);
/// Whether it is LSTM, GRU, RNN or DynamicQuantizeLSTM.
[[nodiscard]] bool is_recurrent(const schema::NodeProto& node);

/// Throws Refusal naming the attribute or input and the rule it breaks.
[[nodiscard]] ModelLayer read_layer(const schema::NodeProto& node, const RecurrentInputs& inputs);

}  // namespace carousel::loading::onnx
