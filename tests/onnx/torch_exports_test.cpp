// SPDX-License-Identifier: Apache-2.0
// Files as PyTorch's exporter writes them, with PyTorch's own results: see make_torch_exports.py.
#include "loading/files_of_bytes.hpp"
#include "onnx/network_case.hpp"
#include "support/every_backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "core/model/formats/safetensors.hpp"

namespace carousel::onnx_test {
namespace {

namespace safetensors = loading::safetensors;

constexpr int kCases = 170;
/// Those whose every layer is an LSTM, which every backend runs.
constexpr int kLstmCases = 66;

using Group = std::map<std::string, const safetensors::StoredTensor*>;

template <class T>
std::vector<T> values_of(const Group& group, const std::string& key) {
  const auto found = group.find(key);
  if (found == group.end()) return {};
  const std::span<const std::byte> data = found->second->data;
  std::vector<T> values(data.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), data.data(), data.size());
  return values;
}

/// [B, T, ...] to [T, B, ...].
template <class T>
std::vector<T> steps_first(const std::vector<T>& values, std::int64_t batch, std::int64_t steps) {
  const auto width = static_cast<std::int64_t>(values.size()) / (batch * steps);
  std::vector<T> result;
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t b = 0; b < batch; ++b) {
      const auto first = values.begin() + (b * steps + t) * width;
      result.insert(result.end(), first, first + width);
    }
  }
  return result;
}

NetworkCase make_case(const std::string& name, const Group& group) {
  NetworkCase c;
  c.name = name;
  const std::span<const std::byte> file = group.at("onnx")->data;
  c.model = load(file, name + ".onnx");
  const bool has_ids = group.contains("ids");
  const auto& shape = group.at(has_ids ? "ids" : "x")->shape;
  const std::vector<FileAxis> axes = model_inputs(c.model).front().axes;
  const bool batch_first = !axes.empty() && axes.front().of == FileAxis::Of::batch;
  c.batch = shape[batch_first ? 0 : 1];
  c.steps = shape[batch_first ? 1 : 0];
  c.x = values_of<float>(group, "x");
  const auto ids = values_of<std::int64_t>(group, "ids");
  c.ids.assign(ids.begin(), ids.end());
  c.y = values_of<float>(group, "y");
  const bool last_step = name.starts_with("last_");
  if (batch_first) {
    c.x = steps_first(c.x, c.batch, c.steps);
    c.ids = steps_first(c.ids, c.batch, c.steps);
    if (!last_step) c.y = steps_first(c.y, c.batch, c.steps);
  }
  c.lengths = values_of<std::int64_t>(group, "lengths");
  c.h0 = values_of<float>(group, "h0");
  c.c0 = values_of<float>(group, "c0");
  c.h_n = values_of<float>(group, "hn");
  c.c_n = values_of<float>(group, "cn");
  return c;
}

/// Every case of the file, loaded.
const std::vector<NetworkCase>& cases() {
  static const std::vector<NetworkCase> all = [] {
    const testing::Bytes bytes =
        testing::read_bytes(CAROUSEL_ONNX_TEST_DIR "/torch_exports.safetensors");
    const safetensors::Table table = safetensors::parse(bytes, "torch_exports");
    std::map<std::string, Group> groups;
    for (const safetensors::StoredTensor& tensor : table.tensors) {
      const std::size_t slash = tensor.name.find('/');
      groups[tensor.name.substr(0, slash)][tensor.name.substr(slash + 1)] = &tensor;
    }
    std::vector<NetworkCase> found;
    for (const auto& [name, group] : groups) {
      try {
        found.push_back(make_case(name, group));
      } catch (const Error& error) {
        ADD_FAILURE() << error.what();
      }
    }
    return found;
  }();
  return all;
}

TEST(TorchExports, OracleAgreesWithPyTorch) {
  EXPECT_EQ(cases().size(), kCases);
  for (const NetworkCase& c : cases()) expect_oracle_agrees(c);
}

TEST(TorchExports, ConvertThereAndBack) {
  for (const NetworkCase& c : cases()) EXPECT_TRUE(expect_converts(c)) << c.name;
}

const RecurrentSpec& first_recurrent(const Model& model) {
  return std::get<RecurrentSpec>(std::ranges::find_if(model.layers, [](const ModelLayer& layer) {
                                   return std::holds_alternative<RecurrentSpec>(layer.spec);
                                 })->spec);
}

class TorchExports : public ::testing::TestWithParam<std::string> {};

TEST_P(TorchExports, BackendAgreesWithPyTorch) {
  int executed = 0;
  int lstms = 0;
  for (const NetworkCase& c : cases()) {
    if (!expect_backend_agrees(c, GetParam())) continue;
    ++executed;
    if (first_recurrent(c.model).cell == Cell::lstm) ++lstms;
  }
  std::printf("%s: executed %d of %d PyTorch exports, %d refused by the backend\n",
              GetParam().c_str(), executed, kCases, kCases - executed);
  EXPECT_EQ(lstms, kLstmCases);
}

INSTANTIATE_TEST_SUITE_P(Backends, TorchExports,
                         ::testing::ValuesIn(testing_support::runnable_ids()),
                         testing_support::id_as_test_name);

}  // namespace
}  // namespace carousel::onnx_test
