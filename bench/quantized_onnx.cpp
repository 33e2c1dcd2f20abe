// SPDX-License-Identifier: Apache-2.0
#include "quantized_onnx.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include <onnx_schema.pb.h>

namespace carousel::bench {
namespace {

using onnx_schema::GraphProto;
using onnx_schema::NodeProto;
using onnx_schema::TensorProto;

constexpr const char* kDomain = "com.microsoft";
constexpr int kInputsOfLstm = 8;

/// A matrix of an LSTM: [directions, rows, columns].
struct Matrix {
  std::string name;
  std::size_t directions = 0;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<float> values{};

  [[nodiscard]] std::span<const float> direction(std::size_t d) const {
    return std::span(values).subspan(d * rows * columns, rows * columns);
  }
};

/// Takes an initializer of floats out of the graph.
Matrix take_matrix(GraphProto& graph, const std::string& name) {
  auto& tensors = *graph.mutable_initializer();
  const auto found = std::ranges::find(tensors, name, &TensorProto::name);
  if (found == tensors.end() || found->data_type() != TensorProto::FLOAT ||
      found->dims_size() != 3) {
    throw Error(ErrorCode::unsupported,
                "the weight '" + name + "' of an LSTM is no array of floats");
  }
  const auto size = [&](int axis) { return static_cast<std::size_t>(found->dims(axis)); };
  Matrix matrix{.name = name, .directions = size(0), .rows = size(1), .columns = size(2)};
  matrix.values.resize(found->raw_data().size() / sizeof(float));
  std::memcpy(matrix.values.data(), found->raw_data().data(), found->raw_data().size());
  tensors.erase(found);
  return matrix;
}

/// Adds a tensor and returns its name.
std::string add(GraphProto& graph, const std::string& name, int type,
                std::initializer_list<std::size_t> shape, std::string bytes) {
  TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const std::size_t size : shape) tensor.add_dims(static_cast<std::int64_t>(size));
  tensor.set_raw_data(std::move(bytes));
  return name;
}

/// The integers of a direction, [columns, rows].
void append_transposed(const Matrix& matrix, std::size_t direction, float scale, float most,
                       std::string& integers) {
  const std::span<const float> values = matrix.direction(direction);
  for (std::size_t column = 0; column < matrix.columns; ++column) {
    for (std::size_t row = 0; row < matrix.rows; ++row) {
      const float value = std::nearbyint(values[row * matrix.columns + column] / scale);
      integers.push_back(static_cast<char>(std::clamp(value, -most, most)));
    }
  }
}

struct QuantizedNames {
  std::string values;
  std::string scale;
  std::string zero_point;
};

QuantizedNames add_quantized(GraphProto& graph, const Matrix& matrix, float most) {
  std::vector<float> scales;
  std::string integers;
  for (std::size_t d = 0; d < matrix.directions; ++d) {
    float largest = 0;
    for (const float value : matrix.direction(d)) largest = std::max(largest, std::fabs(value));
    scales.push_back(largest > 0 ? largest / most : 1.0F);
    append_transposed(matrix, d, scales.back(), most, integers);
  }
  const auto bytes = std::as_bytes(std::span(scales));
  const std::string scale(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return {add(graph, matrix.name + "_quantized", TensorProto::INT8,
              {matrix.directions, matrix.columns, matrix.rows}, std::move(integers)),
          add(graph, matrix.name + "_scale", TensorProto::FLOAT, {matrix.directions}, scale),
          add(graph, matrix.name + "_zero_point", TensorProto::INT8, {matrix.directions},
              std::string(matrix.directions, '\0'))};
}

void quantize(GraphProto& graph, NodeProto& node, float most) {
  const QuantizedNames w = add_quantized(graph, take_matrix(graph, node.input(1)), most);
  const QuantizedNames r = add_quantized(graph, take_matrix(graph, node.input(2)), most);
  node.set_op_type("DynamicQuantizeLSTM");
  node.set_domain(kDomain);
  node.set_input(1, w.values);
  node.set_input(2, r.values);
  while (node.input_size() < kInputsOfLstm) node.add_input("");
  for (const QuantizedNames& names : {w, r}) {
    node.add_input(names.scale);
    node.add_input(names.zero_point);
  }
}

}  // namespace

std::vector<std::byte> quantized_onnx(std::span<const std::byte> file, float most) {
  onnx_schema::ModelProto model;
  if (!model.ParseFromArray(file.data(), static_cast<int>(file.size()))) {
    throw Error(ErrorCode::bad_format, "not an ONNX file");
  }
  GraphProto& graph = *model.mutable_graph();
  bool any = false;
  for (NodeProto& node : *graph.mutable_node()) {
    if (node.op_type() == "GRU" || node.op_type() == "RNN") {
      throw Error(ErrorCode::unsupported,
                  "ONNX Runtime has no " + node.op_type() + " whose weights are int8");
    }
    if (node.op_type() != "LSTM") continue;
    quantize(graph, node, most);
    any = true;
  }
  if (!any) throw Error(ErrorCode::unsupported, "there is no LSTM whose weights could be int8");
  onnx_schema::OperatorSetIdProto& set = *model.add_opset_import();
  set.set_domain(kDomain);
  set.set_version(1);
  std::vector<std::byte> bytes(model.ByteSizeLong());
  if (!model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw Error(ErrorCode::internal, "the ONNX message cannot be written");
  }
  return bytes;
}

}  // namespace carousel::bench
