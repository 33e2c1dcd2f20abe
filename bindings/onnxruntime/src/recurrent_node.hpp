// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layout.hpp"
#include "ort.hpp"

#include <carousel/model.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// LSTM, GRU and RNN nodes of a graph that ONNX Runtime holds.
namespace carousel::onnxruntime {

/// The inputs of the operators, by their place; a GRU and an RNN have those up to kInitialH.
/// https://onnx.ai/onnx/operators/onnx__LSTM.html
enum OperatorInput : std::size_t { kX, kW, kR, kB, kLengths, kInitialH, kInitialC, kPeephole };
inline constexpr std::size_t kOperatorInputs = 8;
enum OperatorOutput : std::size_t { kY, kFinalH, kFinalC };
inline constexpr std::size_t kOperatorOutputs = 3;

/// What a value of a graph is: a name, and, where it never changes, its elements.
struct NodeValue {
  std::string name;  ///< Empty: the node does without it.
  /// Of a constant, owned by the graph.
  std::optional<Ort::ConstValue> constant{};

  [[nodiscard]] bool exists() const noexcept { return !name.empty(); }
};

/// One node, read.
struct RecurrentNode {
  std::string where;  ///< For messages: "node 'lstm' (LSTM)".
  ModelLayer layer;   ///< With the weights.
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

/// Whether it is an LSTM, GRU or RNN of the standard.
[[nodiscard]] bool is_recurrent(const Ort::ConstNode& node);

/// Reads a recurrent node. Throws Error (unsupported, bad_format) naming the node and what Carousel
/// cannot do: weights that are no constants, other types than float32, and what `carousel::load`
/// refuses.
[[nodiscard]] RecurrentNode read_node(const Ort::ConstNode& node);

}  // namespace carousel::onnxruntime
