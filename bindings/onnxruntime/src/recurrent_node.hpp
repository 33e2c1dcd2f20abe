// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layout.hpp"
#include "ort.hpp"

#include <carousel/model.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <onnx_schema.pb.h>
#include <optional>
#include <string>
#include <vector>

/// LSTM, GRU and RNN nodes, whoever hands them over.
namespace carousel::onnxruntime {

/// The inputs of the operators, by their place; a GRU and an RNN have those up to kInitialH.
/// https://onnx.ai/onnx/operators/onnx__LSTM.html
enum OperatorInput : std::size_t { kX, kW, kR, kB, kLengths, kInitialH, kInitialC, kPeephole };
inline constexpr std::size_t kOperatorInputs = 8;
inline constexpr std::array<const char*, kOperatorInputs> kInputNames{
    "X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"};
enum OperatorOutput : std::size_t { kY, kFinalH, kFinalC };
inline constexpr std::size_t kOperatorOutputs = 3;
inline constexpr std::array<const char*, kOperatorOutputs> kOutputNames{"Y", "Y_h", "Y_c"};

[[nodiscard]] constexpr bool is_weight(std::size_t input) noexcept {
  return input == kW || input == kR || input == kB || input == kPeephole;
}

/// What a value of a graph is: a name, and, where it never changes, its elements.
struct NodeValue {
  std::string name;  ///< Empty: the node does without it.
  /// Of a constant, owned by the graph.
  std::optional<Ort::ConstValue> constant{};

  [[nodiscard]] bool exists() const noexcept { return !name.empty(); }
};

/// One node, read.
struct RecurrentNode {
  std::string where;                  ///< For messages: "node 'lstm' (LSTM)".
  onnx_schema::NodeProto attributes;  ///< With the operator; no inputs and outputs.
  ModelLayer layer{};                 ///< With the weights.
  /// Attribute `layout` 1: states are [batch, directions, hidden] instead of [directions, batch,
  /// hidden], and so are X and Y, unless they say something else.
  bool batch_first = false;
  bool x_batch_first = false;  ///< X is [batch, steps, input_size] instead of [steps, batch, ...].
  Axes y_axes{};
  std::array<NodeValue, kOperatorInputs> inputs{};
  std::array<std::string, kOperatorOutputs> outputs{};  ///< Names; empty: not asked for.
  std::int64_t steps = -1;                              ///< Of each run; -1: open.
  std::int64_t batch = -1;                              ///< Likewise.
};

/// Throws Error (unsupported): "WHERE: REASON".
[[noreturn]] void refuse_node(const std::string& where, const std::string& reason);

/// "node 'lstm' (LSTM)"; of a node without a name, "node (LSTM) that makes 'y'".
[[nodiscard]] std::string describe_node(const std::string& name, const std::string& operator_type,
                                        const std::array<std::string, kOperatorOutputs>& outputs);

/// Throws Error (unsupported) for an input that Carousel cannot take: of another type than float32
/// (sequence_lens: int32), or a weight that is no constant.
void check_input(const NodeValue& value, std::size_t input, ONNXTensorElementDataType type,
                 const std::string& where);

/// Fills in what follows from the attributes, the constants and the shape of X, in which -1 is a
/// size that is open; an empty shape is unknown. Throws Error (unsupported, bad_format) naming the
/// node and what Carousel cannot do.
void complete_node(RecurrentNode& node, const std::vector<std::int64_t>& x_shape);

}  // namespace carousel::onnxruntime
