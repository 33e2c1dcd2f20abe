// SPDX-License-Identifier: Apache-2.0
// The ONNX standard's tests of the operators, their weights made constants of the graph.
#include "node_case.hpp"
#include "real/real_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace carousel::onnxruntime_test {
namespace {

namespace fs = std::filesystem;
namespace schema = onnx_schema;

constexpr double kTolerance = 1e-5;
constexpr int kLeastTests = 12;

template <class Message>
Message read_message(const fs::path& file) {
  Message message;
  if (!message.ParseFromString(read_file(file))) {
    throw std::runtime_error(file.string() + " cannot be parsed");
  }
  return message;
}

Ort::Value tensor_of(const schema::TensorProto& proto) {
  const std::vector<std::int64_t> shape(proto.dims().begin(), proto.dims().end());
  const std::string& bytes = proto.raw_data();
  if (proto.data_type() == schema::TensorProto::INT32) {
    return make_tensor<std::int32_t>(
        shape, {reinterpret_cast<const std::int32_t*>(bytes.data()), bytes.size() / 4});
  }
  return make_tensor<float>(shape,
                            {reinterpret_cast<const float*>(bytes.data()), bytes.size() / 4});
}

bool is_weight(const std::string& name) {
  return name == "W" || name == "R" || name == "B" || name == "P";
}

/// A test of the standard: its model with constant weights, the other inputs, what is expected.
struct StandardTest {
  std::string model;
  Tensors inputs{};
  Tensors expected{};
};

StandardTest read_test(const fs::path& folder) {
  StandardTest test;
  auto model = read_message<schema::ModelProto>(folder / "model.onnx");
  schema::GraphProto& graph = *model.mutable_graph();
  const fs::path data = folder / "test_data_set_0";
  std::vector<schema::ValueInfoProto> given(graph.input().begin(), graph.input().end());
  graph.clear_input();
  for (std::size_t k = 0; k < given.size(); ++k) {
    auto tensor = read_message<schema::TensorProto>(data / ("input_" + std::to_string(k) + ".pb"));
    const std::string name = given[k].name();
    if (is_weight(name)) {
      tensor.set_name(name);
      *graph.add_initializer() = tensor;
    } else {
      *graph.add_input() = given[k];
      test.inputs.emplace(name, tensor_of(tensor));
    }
  }
  for (int k = 0; k < graph.output_size(); ++k) {
    const auto file = data / ("output_" + std::to_string(k) + ".pb");
    test.expected.emplace(graph.output(k).name(),
                          tensor_of(read_message<schema::TensorProto>(file)));
  }
  test.model = model.SerializeAsString();
  return test;
}

bool is_recurrent_test(const std::string& name) {
  return name.starts_with("test_lstm_") || name.starts_with("test_gru_") ||
         name.starts_with("test_rnn_") || name.starts_with("test_simple_rnn_");
}

/// Runs all tests of a folder; how many there were.
int expect_folder(const fs::path& folder) {
  int count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!is_recurrent_test(entry.path().filename())) continue;
    SCOPED_TRACE(entry.path().filename().string());
    const StandardTest test = read_test(entry.path());
    for (const Way& way : ways_with_cross_check()) {
      SCOPED_TRACE(way.name);
      Ort::Session session = open_session(test.model, way.settings);
      EXPECT_LE(largest_difference(run_session(session, test.inputs), test.expected), kTolerance);
    }
    ++count;
  }
  return count;
}

TEST(OnnxRuntimeStandard, OfDebian) {
  if (!fs::exists(CAROUSEL_ONNX_TESTDATA)) GTEST_SKIP() << "needs Debian's libonnx-testdata";
  EXPECT_GE(expect_folder(CAROUSEL_ONNX_TESTDATA), kLeastTests);
}

TEST(OnnxRuntimeStandard, OfOperatorSet22) {
  CAROUSEL_NEEDS_REAL("onnx-node");
  EXPECT_GE(expect_folder(testing_support::real_folder() / "onnx-node"), kLeastTests);
}

}  // namespace
}  // namespace carousel::onnxruntime_test
