// SPDX-License-Identifier: Apache-2.0
// The ONNX standard's own tests of LSTM, GRU and RNN: from Debian's libonnx-testdata, and newer
// ones from the folder of networks from outside.
#include "loading/files_of_bytes.hpp"
#include "onnx/network_case.hpp"
#include "real/real_folder.hpp"
#include "support/every_backend.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include <onnx_schema.pb.h>

namespace carousel::onnx_test {
namespace {

namespace fs = std::filesystem;
namespace schema = onnx_schema;

constexpr int kInDebian = 12;  // at least; later releases have more
constexpr int kInFolder = 18;

template <class Message>
Message read_message(const fs::path& file) {
  const testing::Bytes bytes = testing::read_bytes(file);
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw Error(ErrorCode::bad_format, file.string() + " cannot be parsed");
  }
  return message;
}

template <class T>
std::vector<T> values_of(const schema::TensorProto& tensor) {
  std::vector<T> values(tensor.raw_data().size() / sizeof(T));
  if (!values.empty())
    std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
  return values;
}

/// Swaps the first two axes.
std::vector<float> swapped(const schema::TensorProto& tensor, bool swap) {
  std::vector<float> values = values_of<float>(tensor);
  if (!swap) return values;
  const std::int64_t rows = tensor.dims(0);
  const std::int64_t columns = tensor.dims(1);
  const auto width = static_cast<std::int64_t>(values.size()) / (rows * columns);
  std::vector<float> result;
  for (std::int64_t c = 0; c < columns; ++c) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto first = values.begin() + (r * columns + c) * width;
      result.insert(result.end(), first, first + width);
    }
  }
  return result;
}

/// Y [steps, directions, batch, hidden] (layout 1: [batch, steps, directions, hidden]) to
/// [steps, batch, directions, hidden].
std::vector<float> outputs_of(const schema::TensorProto& y, bool batch_first) {
  const std::vector<float> values = values_of<float>(y);
  const auto& dims = y.dims();
  const auto [steps, directions, batch] =
      batch_first ? std::array{dims[1], dims[2], dims[0]} : std::array{dims[0], dims[1], dims[2]};
  std::vector<float> result;
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t b = 0; b < batch; ++b) {
      for (std::int64_t d = 0; d < directions; ++d) {
        const std::int64_t at =
            batch_first ? (b * steps + t) * directions + d : (t * directions + d) * batch + b;
        const auto first = values.begin() + at * dims[3];
        result.insert(result.end(), first, first + dims[3]);
      }
    }
  }
  return result;
}

/// A test of the standard gives the weights as inputs too; here they are put into the file.
NetworkCase read_case(const fs::path& folder) {
  auto model = read_message<schema::ModelProto>(folder / "model.onnx");
  schema::GraphProto& graph = *model.mutable_graph();
  const schema::NodeProto& node = graph.node(0);
  const fs::path data = folder / "test_data_set_0";
  NetworkCase c;
  c.name = folder.filename().string();
  bool batch_first = false;
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == "layout") batch_first = attribute.i() == 1;
  }
  for (int k = 0; k < graph.input_size(); ++k) {
    auto tensor = read_message<schema::TensorProto>(data / ("input_" + std::to_string(k) + ".pb"));
    const std::string name = graph.input(k).name();
    const auto is = [&](int position) {
      return position < node.input_size() && node.input(position) == name;
    };
    if (is(0)) {
      c.x = swapped(tensor, batch_first);
      c.steps = tensor.dims(batch_first ? 1 : 0);
      c.batch = tensor.dims(batch_first ? 0 : 1);
    } else if (is(4)) {
      for (const std::int32_t length : values_of<std::int32_t>(tensor)) c.lengths.push_back(length);
    } else if (is(5)) {
      c.h0 = swapped(tensor, batch_first);
    } else if (is(6)) {
      c.c0 = swapped(tensor, batch_first);
    } else {
      tensor.set_name(name);
      *graph.add_initializer() = tensor;
    }
  }
  for (int k = 0; k < graph.output_size(); ++k) {
    const auto tensor =
        read_message<schema::TensorProto>(data / ("output_" + std::to_string(k) + ".pb"));
    const std::string name = graph.output(k).name();
    if (name == node.output(0)) c.y = outputs_of(tensor, batch_first);
    if (node.output_size() > 1 && name == node.output(1)) c.h_n = swapped(tensor, batch_first);
  }
  c.model = load(testing::to_bytes(model.SerializeAsString()), c.name + ".onnx");
  return c;
}

std::vector<NetworkCase> read_cases(const fs::path& folder) {
  std::vector<NetworkCase> cases;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool ours = name.starts_with("test_lstm_") || name.starts_with("test_gru_") ||
                      name.starts_with("test_rnn_") || name.starts_with("test_simple_rnn_");
    if (ours) cases.push_back(read_case(entry.path()));
  }
  return cases;
}

void run_all(const std::vector<NetworkCase>& cases) {
  for (const NetworkCase& c : cases) {
    EXPECT_FALSE(c.y.empty() && c.h_n.empty()) << c.name << " expects nothing";
    expect_oracle_agrees(c);
    EXPECT_TRUE(expect_converts(c)) << c.name;
  }
  for (const std::string& id : testing_support::runnable_ids()) {
    std::string refused;
    for (const NetworkCase& c : cases) {
      if (!expect_backend_agrees(c, id)) refused += " " + c.name;
    }
    const auto count = std::count(refused.begin(), refused.end(), ' ');
    std::printf("%s: passed or failed %d of %zu, refused%s\n", id.c_str(),
                static_cast<int>(cases.size()) - static_cast<int>(count), cases.size(),
                refused.empty() ? " none" : refused.c_str());
  }
}

TEST(OnnxStandard, TestsOfDebian) {
  const fs::path folder = CAROUSEL_ONNX_TESTDATA;
  if (!fs::exists(folder)) GTEST_SKIP() << "needs Debian's libonnx-testdata";
  const std::vector<NetworkCase> cases = read_cases(folder);
  EXPECT_GE(cases.size(), std::size_t{kInDebian});
  run_all(cases);
}

TEST(OnnxStandard, NewestTests) {
  CAROUSEL_NEEDS_REAL("onnx-node");
  const std::vector<NetworkCase> cases = read_cases(testing_support::real_folder() / "onnx-node");
  EXPECT_EQ(cases.size(), std::size_t{kInFolder});
  run_all(cases);
}

}  // namespace
}  // namespace carousel::onnx_test
