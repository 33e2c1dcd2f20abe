// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "session.hpp"

#include <cstdint>
#include <functional>
#include <string>

#include <onnx_schema.pb.h>

namespace carousel::onnxruntime_test {

/// A model of one recurrent node with made-up weights, all of whose outputs are the graph's, and
/// inputs for it.
struct NodeCase {
  std::string op = "LSTM";
  std::string direction = "forward";
  std::int64_t input_size = 5;
  std::int64_t hidden_size = 7;
  bool bias = true;
  bool peephole = false;
  bool lengths = false;           ///< sequence_lens is an input of the graph.
  bool initial = false;           ///< So are initial_h and, of an LSTM, initial_c.
  bool constant_initial = false;  ///< They are constants, for two rows.
  bool constant_weights = true;   ///< Otherwise W, R, B and P are inputs of the graph.
  bool float16 = false;           ///< All floats of the graph.
  std::function<void(onnx_schema::NodeProto&)> attributes{};

  [[nodiscard]] std::int64_t directions() const { return direction == "bidirectional" ? 2 : 1; }
  [[nodiscard]] std::int64_t gates() const { return op == "LSTM" ? 4 : op == "GRU" ? 3 : 1; }
};

/// The bytes of the model's file. Equal cases give equal bytes.
[[nodiscard]] std::string model_bytes(const NodeCase& c);
/// What its graph is given; `seed` chooses the values.
[[nodiscard]] Tensors node_inputs(const NodeCase& c, std::int64_t steps, std::int64_t batch,
                                  unsigned seed = 1);

/// The bytes of a model: If (cond) one LSTM, else another, each 3 -> 4; their weights are constants
/// of the graph around them, whose inputs are X and cond.
[[nodiscard]] std::string branches();

void set_integer(onnx_schema::NodeProto& node, const std::string& name, std::int64_t value);
void set_real(onnx_schema::NodeProto& node, const std::string& name, float value);
void set_text(onnx_schema::NodeProto& node, const std::string& name, const std::string& value);
void set_texts(onnx_schema::NodeProto& node, const std::string& name,
               const std::vector<std::string>& values);

/// Adds a constant of the graph with values in [-0.5, 0.5] that follow from its name.
void add_weight(onnx_schema::GraphProto& graph, const std::string& name,
                const std::vector<std::int64_t>& shape);
void declare(onnx_schema::ValueInfoProto& value, const std::string& name, int type,
             const std::vector<std::int64_t>& shape);
/// An empty model of operator set 14.
[[nodiscard]] onnx_schema::ModelProto new_model();

}  // namespace carousel::onnxruntime_test
