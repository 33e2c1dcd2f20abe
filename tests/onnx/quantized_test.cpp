// SPDX-License-Identifier: Apache-2.0
// DynamicQuantizeLSTM, which ONNX Runtime's dynamic quantizer makes of LSTM.
#include "onnx/graph_builder.hpp"

#include <functional>

namespace carousel::onnx_test {
namespace {

using testing::contains;

/// A matrix of integers with its parameters, as the node has it: the values are
/// [directions, columns, rows].
struct Quantized {
  int type = schema::TensorProto::INT8;
  Sizes shape{};
  std::vector<int> values{};
  Sizes scale_shape{1};
  std::vector<float> scale{0.5F};
  std::vector<int> zero_point{0};

  [[nodiscard]] std::size_t rows() const { return static_cast<std::size_t>(shape[2]); }
  [[nodiscard]] std::size_t columns() const { return static_cast<std::size_t>(shape[1]); }
  /// By the definition, [directions, rows, columns].
  [[nodiscard]] std::vector<float> floats() const {
    std::vector<float> result;
    for (std::size_t d = 0; d < static_cast<std::size_t>(shape[0]); ++d) {
      for (std::size_t row = 0; row < rows(); ++row) {
        const std::size_t k = scale_shape.size() == 2 ? d * rows() + row : scale.size() > 1 ? d : 0;
        for (std::size_t column = 0; column < columns(); ++column) {
          const int value = values[(d * columns() + column) * rows() + row] - zero_point[k];
          result.push_back(static_cast<float>(value) * scale[k]);
        }
      }
    }
    return result;
  }
};

/// Values that differ from their neighbours in every direction.
Quantized matrix(const Sizes& shape, int type = schema::TensorProto::INT8) {
  Quantized made{.type = type, .shape = shape};
  const int least = type == schema::TensorProto::INT8 ? -128 : 0;
  const auto count = static_cast<int>(testing::product(shape));
  for (int k = 0; k < count; ++k) made.values.push_back(least + (k * 37 + 11) % 256);
  return made;
}

Quantized by_direction(Quantized made) {
  made.scale_shape = {made.shape[0]};
  made.scale.clear();
  made.zero_point.clear();
  for (int d = 0; d < made.shape[0]; ++d) {
    made.scale.push_back(0.011F + 0.003F * static_cast<float>(d));
    made.zero_point.push_back(made.type == schema::TensorProto::INT8 ? 3 - d : 128 + d);
  }
  return made;
}

Quantized by_row(Quantized made) {
  made.scale_shape = {made.shape[0], made.shape[2]};
  made.scale.clear();
  made.zero_point.clear();
  for (int k = 0; k < made.shape[0] * made.shape[2]; ++k) {
    made.scale.push_back(0.01F + 0.0007F * static_cast<float>(k));
    made.zero_point.push_back(made.type == schema::TensorProto::INT8 ? k % 5 - 2 : 126 + k % 5);
  }
  return made;
}

struct QuantizedNode {
  Quantized w;
  Quantized r;
};

void add_integers(GraphBuilder& g, const std::string& name, const Sizes& shape, int type,
                  const std::vector<int>& values) {
  schema::TensorProto& tensor = g.constant(name, shape, type);
  for (const int value : values) tensor.add_int32_data(value);
}

GraphBuilder graph_of(const QuantizedNode& node) {
  GraphBuilder g;
  g.input("x", {-1, -1, node.w.shape[1]});
  for (const auto& [name, part] : {std::pair{"W", &node.w}, std::pair{"R", &node.r}}) {
    add_integers(g, name, part->shape, part->type, part->values);
    g.floats(std::string(name) + "_scale", part->scale_shape, part->scale);
    add_integers(g, std::string(name) + "_zero_point", part->scale_shape, part->type,
                 part->zero_point);
  }
  g.ramp("B", {node.w.shape[0], 2 * node.w.shape[2]});
  NodeBuilder added = g.node(
      "DynamicQuantizeLSTM",
      {"x", "W", "R", "B", "", "", "", "", "W_scale", "W_zero_point", "R_scale", "R_zero_point"},
      {"y", "h", "c"});
  added.proto().set_domain("com.microsoft");
  added.set("hidden_size", 2);
  if (node.w.shape[0] == 2) added.set("direction", std::string("bidirectional"));
  for (const char* name : {"y", "h", "c"}) g.output(name);
  return g;
}

/// The same as an LSTM of floats.
GraphBuilder float_graph_of(const QuantizedNode& node) {
  GraphBuilder g = graph_of(node);
  const Quantized& w = node.w;
  const Quantized& r = node.r;
  g.floats("W_float", {w.shape[0], w.shape[2], w.shape[1]}, w.floats());
  g.floats("R_float", {r.shape[0], r.shape[2], r.shape[1]}, r.floats());
  schema::NodeProto& proto = only_node(g).proto();
  proto.clear_domain();
  proto.set_op_type("LSTM");
  proto.mutable_input()->DeleteSubrange(4, 8);
  proto.set_input(1, "W_float");
  proto.set_input(2, "R_float");
  return g;
}

void expect_same(const QuantizedNode& node) {
  const Model found = graph_of(node).load();
  const Model expected = float_graph_of(node).load();
  ASSERT_EQ(found.layers.size(), expected.layers.size());
  EXPECT_EQ(found.layers[0].spec, expected.layers[0].spec);
  ASSERT_EQ(found.layers[0].weights.size(), expected.layers[0].weights.size());
  for (const auto& [role, tensor] : expected.layers[0].weights) {
    EXPECT_EQ(testing::weight(found.layers[0], role), testing::weight(expected.layers[0], role))
        << role;
  }
}

TEST(OnnxQuantized, IsAnLstmOfTheNumbersThatTheIntegersStandFor) {
  for (const int type : {schema::TensorProto::INT8, schema::TensorProto::UINT8}) {
    for (const std::int64_t directions : {1, 2}) {
      const Quantized w = matrix({directions, 3, 8}, type);
      const Quantized r = matrix({directions, 2, 8}, type);
      expect_same({by_direction(w), by_direction(r)});
      expect_same({by_row(w), by_row(r)});
      expect_same({w, by_row(r)});
    }
  }
}

TEST(OnnxQuantized, ZeroPointsMayBeLeftOut) {
  const QuantizedNode node{matrix({1, 3, 8}), matrix({1, 2, 8})};
  GraphBuilder g = graph_of(node);
  only_node(g).proto().set_input(9, "");
  only_node(g).proto().mutable_input()->RemoveLast();
  EXPECT_EQ(testing::weight(g.load().layers[0], "weight_hh"),
            testing::weight(float_graph_of(node).load().layers[0], "weight_hh"));
}

TEST(OnnxQuantized, PeepholesStatesAndLengthsAreThoseOfLstm) {
  GraphBuilder g = graph_of({matrix({1, 3, 8}), matrix({1, 2, 8})});
  g.ramp("P", {1, 6});
  g.input("lengths", {-1}, schema::TensorProto::INT32).input("h0", {1, -1, 2});
  schema::NodeProto& proto = only_node(g).proto();
  proto.set_input(4, "lengths");
  proto.set_input(5, "h0");
  proto.set_input(7, "P");
  const Model model = g.load();
  EXPECT_TRUE(testing::recurrent(model.layers.at(0)).peephole);
  EXPECT_EQ(model.layers[0].initial_states.at("h"), "h0");
  EXPECT_EQ(model.lengths, "lengths");
}

struct BadCase {
  const char* what;
  std::function<void(QuantizedNode&)> change;
  const char* expected;
};

TEST(OnnxQuantized, ErrorsNameNodeInputAndRule) {
  const std::vector<BadCase> cases{
      {"floats", [](QuantizedNode& node) { node.w.type = schema::TensorProto::INT16; },
       "input W has the element type int16; expected int8 or uint8"},
      {"not transposed",
       [](QuantizedNode& node) {
         node.w.shape = {1, 8, 3};
       },
       "input W has the shape [1, 8, 3]; expected [1, input_size, 4 * 2], the transpose of what "
       "LSTM "
       "has"},
      {"two axes",
       [](QuantizedNode& node) {
         node.r.shape = {2, 8};
       },
       "input R has the shape [2, 8]; expected [1, 2, 4 * 2]"},
      {"too many directions",
       [](QuantizedNode& node) {
         node.r = matrix({2, 2, 8});
       },
       "input R has the shape [2, 2, 8]; expected [1, 2, 4 * 2]"},
      {"scale",
       [](QuantizedNode& node) {
         node.w.scale_shape = {3};
         node.w.scale = {1, 2, 3};
         node.w.zero_point = {1, 2, 3};
       },
       "input W_scale has the shape [3]; expected [directions] = [1] or [directions, 4 * "
       "hidden_size] = [1, 8]"}};
  for (const BadCase& bad : cases) {
    QuantizedNode node{matrix({1, 3, 8}), matrix({1, 2, 8})};
    bad.change(node);
    const std::string error = graph_of(node).error();
    EXPECT_TRUE(
        contains(error, "t.onnx: node 'DynamicQuantizeLSTM_y' (com.microsoft.DynamicQuantizeLSTM)"))
        << bad.what << ": " << error;
    EXPECT_TRUE(contains(error, bad.expected)) << bad.what << ": " << error;
  }
}

TEST(OnnxQuantized, TypesOfScaleAndZeroPointAreChecked) {
  GraphBuilder g = graph_of({matrix({1, 3, 8}), matrix({1, 2, 8})});
  add_integers(g, "zeros", {1}, schema::TensorProto::UINT8, {0});
  schema::NodeProto& proto = only_node(g).proto();
  proto.set_input(11, "zeros");
  EXPECT_TRUE(contains(g.error(),
                       "input R_zero_point has the element type uint8; expected that of R, int8"));
  proto.set_input(8, "zeros");
  EXPECT_TRUE(contains(g.error(), "input W_scale has the element type uint8; expected float"));
  proto.set_input(8, "");
  EXPECT_TRUE(contains(g.error(), "input W_scale is missing"));
}

TEST(OnnxQuantized, AttributesOfTheStandardAloneAreUnknown) {
  GraphBuilder g = graph_of({matrix({1, 3, 8}), matrix({1, 2, 8})});
  only_node(g).set("layout", 1);
  EXPECT_TRUE(contains(
      g.error(), "attribute 'layout' is not one that ONNX Runtime's DynamicQuantizeLSTM has"));
}

TEST(OnnxQuantized, OtherQuantizedOperatorsAreRefusedByName) {
  for (const char* op : {"DynamicQuantizeMatMul", "QAttention"}) {
    GraphBuilder g;
    g.input("x", {-1, -1, 3});
    g.node(op, {"x", "x"}, {"y"}).proto().set_domain("com.microsoft");
    g.output("y");
    EXPECT_TRUE(contains(g.error(),
                         std::string("(com.microsoft.") + op + "): this operator is not supported"))
        << g.error();
  }
}

}  // namespace
}  // namespace carousel::onnx_test
