// SPDX-License-Identifier: Apache-2.0
// The custom operators in a session: which nodes they take and refuse, their options, what they
// tell ONNX Runtime about shapes.
#include "node_case.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace carousel::onnxruntime_test {
namespace {

namespace schema = onnx_schema;

const SessionSettings kOperators{.custom_operators = Options{}};

/// What opening a session with the operators throws.
std::string error_with(const std::string& bytes, const Options& options = {}) {
  return error_of([&] { static_cast<void>(open_session(bytes, {.custom_operators = options})); });
}

void expect_text(const std::string& error, const std::string& text) {
  EXPECT_NE(error.find(text), std::string::npos) << error;
}

// --- Which nodes ---

// One backend gives the same bits in both ways, and others than ONNX Runtime's.
TEST(OnnxRuntimeCustomOperators, TakeTheNodesThatTheProviderClaims) {
  for (const char* op : {"LSTM", "GRU", "RNN"}) {
    const NodeCase c{.op = op, .direction = "bidirectional", .hidden_size = 33, .lengths = true};
    const std::string bytes = model_bytes(c);
    const Tensors inputs = node_inputs(c, 30, 4);
    std::vector<Tensors> found;
    for (const Way& way : ways()) {
      Ort::Session session = open_session(bytes, way.with("backend", "scalar"));
      found.push_back(run_session(session, inputs));
    }
    Ort::Session without = open_session(bytes);
    EXPECT_TRUE(same_bits(found[0], found[1])) << op;
    EXPECT_FALSE(same_bits(run_session(without, inputs), found[1])) << op;
  }
}

TEST(OnnxRuntimeCustomOperators, RefuseWeightsThatAreNotConstant) {
  expect_text(error_with(model_bytes({.constant_weights = false})),
              "node 'layer' (LSTM): its input W is not constant");
}

TEST(OnnxRuntimeCustomOperators, RunWhereAllInputsAreConstant) {
  schema::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(model_bytes({})));
  schema::GraphProto& graph = *model.mutable_graph();
  graph.clear_input();
  add_weight(graph, "X", {6, 2, 5});
  const std::string bytes = model.SerializeAsString();
  Ort::Session without = open_session(bytes);
  Ort::Session with = open_session(bytes, kOperators);
  const Tensors nothing;
  EXPECT_LE(largest_difference(run_session(with, nothing), run_session(without, nothing)), 1e-5);
}

TEST(OnnxRuntimeCustomOperators, NameANodeWithoutNameByItsResult) {
  schema::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(model_bytes({.constant_weights = false})));
  model.mutable_graph()->mutable_node(0)->clear_name();
  expect_text(error_with(model.SerializeAsString()), "node (LSTM) that makes 'Y': its input W");
}

TEST(OnnxRuntimeCustomOperators, RefuseFloat16) {
  const std::string error = error_with(model_bytes({.float16 = true}));
  expect_text(error, "layer");
  expect_text(error, "tensor(float16)");
}

TEST(OnnxRuntimeCustomOperators, RefuseWhatTheReaderOfFilesRefuses) {
  const std::string error =
      error_with(model_bytes({.attributes = [](auto& node) { set_real(node, "clip", -1.0F); }}));
  expect_text(error, "node 'layer' (LSTM)");
  expect_text(error, "clip");
}

TEST(OnnxRuntimeCustomOperators, RefuseAttributesOfAnotherType) {
  expect_text(
      error_with(model_bytes({.attributes = [](auto& node) { set_integer(node, "clip", 1); }})),
      "node 'layer' (LSTM): its attribute 'clip' cannot be read");
}

/// Two LSTMs with weights of the same shapes, one after the other.
std::string two_with(const std::vector<std::string>& first,
                     const std::vector<std::string>& second) {
  schema::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(model_bytes({.input_size = 7})));
  schema::GraphProto& graph = *model.mutable_graph();
  graph.clear_output();
  schema::NodeProto& squeeze = *graph.add_node();
  squeeze.set_op_type("Squeeze");
  squeeze.add_input("Y");
  squeeze.add_input("axes");
  squeeze.add_output("next");
  schema::TensorProto& axes = *graph.add_initializer();
  axes.set_name("axes");
  axes.set_data_type(schema::TensorProto::INT64);
  axes.add_dims(1);
  axes.add_int64_data(1);
  schema::NodeProto& added = *graph.add_node();
  added = graph.node(0);
  added.set_name("second");
  added.set_input(0, "next");
  added.clear_output();
  added.add_output("out");
  declare(*graph.add_output(), "out", schema::TensorProto::FLOAT, {-1, 1, -1, 7});
  set_texts(*graph.mutable_node(0), "activations", first);
  set_texts(added, "activations", second);
  return model.SerializeAsString();
}

// ONNX Runtime tells a custom operator the activations of its nodes, but not which node has which.
TEST(OnnxRuntimeCustomOperators, KnowActivationsByTheShapesOfWeights) {
  const std::vector<std::string> usual{"Sigmoid", "Tanh", "Tanh"};
  const std::vector<std::string> others{"HardSigmoid", "Tanh", "Tanh"};
  EXPECT_EQ(error_with(two_with(usual, usual)), "");
  EXPECT_EQ(error_with(two_with(others, others)), "");
  const std::string error = error_with(two_with(usual, others));
  expect_text(error, "node 'layer' (LSTM): its attribute 'activations' cannot be known");
}

TEST(OnnxRuntimeCustomOperators, LeaveAllNodesToAProviderThatComesFirst) {
  const NodeCase c;
  const std::string bytes = model_bytes(c);
  Ort::Session both = open_session(bytes, {.providers = kWith,
                                           .only_providers = true,
                                           .custom_operators = Options{{"backend", "abacus"}}});
  EXPECT_EQ(run_session(both, node_inputs(c, 4, 2)).size(), 3U);
}

// --- Options ---

TEST(OnnxRuntimeCustomOperators, TakeOptions) {
  const NodeCase c{.hidden_size = 40};
  const std::string bytes = model_bytes(c);
  const Tensors inputs = node_inputs(c, 12, 3);
  const auto run_with = [&](const Options& options) {
    Ort::Session session = open_session(bytes, {.custom_operators = options});
    return run_session(session, inputs);
  };
  const Tensors exact = run_with({{"backend", "scalar"}, {"threads", "2"}, {"cross_check", "1"}});
  EXPECT_TRUE(same_bits(run_with({{"backend", "scalar"}}), exact));
  EXPECT_FALSE(same_bits(run_with({{"backend", "scalar"}, {"precision", "bfloat16"}}), exact));
}

TEST(OnnxRuntimeCustomOperators, RefuseValuesThatOptionsCannotHave) {
  const std::string bytes = model_bytes({});
  expect_text(error_with(bytes, {{"threads", "two"}}), "threads is 'two'");
  expect_text(error_with(bytes, {{"precision", "float7"}}), "float7");
  expect_text(error_with(bytes, {{"cross_check", "2"}}), "cross_check is '2'");
  const std::string error = error_with(bytes, {{"backend", "abacus"}});
  expect_text(error, "abacus");
}

// --- Shapes ---

TEST(OnnxRuntimeCustomOperators, TellTheShapeOfY) {
  for (const std::int64_t layout : {0, 1}) {
    schema::ModelProto model;
    ASSERT_TRUE(model.ParseFromString(
        model_bytes({.direction = "bidirectional",
                     .attributes = [&](auto& node) { set_integer(node, "layout", layout); }})));
    auto& inputs = *model.mutable_graph()->mutable_input();
    auto& x = *inputs[0].mutable_type()->mutable_tensor_type()->mutable_shape();
    x.mutable_dim(0)->set_dim_param("first");
    x.mutable_dim(1)->set_dim_value(9);
    auto& outputs = *model.mutable_graph()->mutable_output();
    outputs.DeleteSubrange(1, 2);
    outputs[0].mutable_type()->mutable_tensor_type()->clear_shape();
    const Ort::Session session = open_session(model.SerializeAsString(), kOperators);
    const Ort::TypeInfo type = session.GetOutputTypeInfo(0);
    const auto info = type.GetTensorTypeAndShapeInfo();
    const std::vector<std::int64_t> expected = layout == 0 ? std::vector<std::int64_t>{-1, 2, 9, 7}
                                                           : std::vector<std::int64_t>{-1, 9, 2, 7};
    EXPECT_EQ(info.GetShape(), expected);
    EXPECT_STREQ(info.GetSymbolicDimensions().at(0), "first");
  }
}

}  // namespace
}  // namespace carousel::onnxruntime_test
