// SPDX-License-Identifier: Apache-2.0
#include "suggest.hpp"

#include <array>
#include <cstdint>
#include <vector>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

/// Sizes that frames often have, the usual ones of audio first.
constexpr std::array<std::int64_t, 8> kSizes{512, 256, 1024, 160, 64, 16, 4, 16000};
constexpr std::size_t kMaxInputs = 4;

/// The shape of an input with its open sizes filled in, the first of several with 1, which mostly
/// is the batch; empty where no size is open.
std::vector<std::int64_t> filled(const schema::TensorShapeProto& shape, std::int64_t size) {
  std::vector<std::int64_t> sizes;
  std::vector<std::size_t> open;
  for (const schema::TensorShapeProto::Dimension& dimension : shape.dim()) {
    const bool fixed = dimension.has_dim_value() && dimension.dim_value() > 0;
    if (!fixed) open.push_back(sizes.size());
    sizes.push_back(fixed ? dimension.dim_value() : size);
  }
  if (open.empty()) return {};
  if (open.size() > 1) sizes[open.front()] = 1;
  return sizes;
}

std::string option_text(const std::string& name, const std::vector<std::int64_t>& sizes) {
  std::string text = name + "=";
  for (const std::int64_t size : sizes) {
    text += (text.ends_with('=') ? "" : ",") + std::to_string(size);
  }
  return "--input-shape " + quote(text);
}

}  // namespace

std::string example_shape(const Graph& graph, const LoadOptions& options, const Loads& loads) {
  std::size_t tried = 0;
  for (const schema::ValueInfoProto& input : graph.proto().input()) {
    const std::string& name = input.name();
    const bool is_open = graph.is_input(name) && input.type().tensor_type().has_shape() &&
                         !options.input_shapes.contains(name) &&
                         !options.input_values.contains(name);
    if (!is_open || tried++ == kMaxInputs) continue;
    for (const std::int64_t size : kSizes) {
      const std::vector<std::int64_t> sizes = filled(input.type().tensor_type().shape(), size);
      if (sizes.empty()) break;
      LoadOptions with_shape = options;
      with_shape.input_shapes[name] = sizes;
      if (loads(with_shape)) return "; for example " + option_text(name, sizes);
    }
  }
  return "";
}

}  // namespace carousel::loading::onnx
