// SPDX-License-Identifier: Apache-2.0
#include "shape_inference.hpp"

#include "recurrent_node.hpp"

#include <string>
#include <vector>

namespace carousel::onnxruntime {
namespace {

/// Sizes, each with its name where it is open and has one.
struct OpenShape {
  std::vector<std::int64_t> sizes{};
  std::vector<std::string> names{};

  [[nodiscard]] std::size_t rank() const noexcept { return sizes.size(); }
  /// ONNX Runtime would take a size that is open and has no name for a size of -1.
  [[nodiscard]] bool can_be_told() const {
    for (std::size_t axis = 0; axis < rank(); ++axis) {
      if (sizes[axis] < 0 && names[axis].empty()) return false;
    }
    return true;
  }
  void add(std::int64_t size, std::string name = {}) {
    sizes.push_back(size);
    names.push_back(std::move(name));
  }
};

/// Of no axes if it is unknown.
OpenShape input_shape(const OrtShapeInferContext& context, OperatorInput input) {
  OrtTensorTypeAndShapeInfo* owned_by_context = nullptr;
  Ort::ThrowOnError(
      Ort::GetApi().ShapeInferContext_GetInputTypeShape(&context, input, &owned_by_context));
  if (owned_by_context == nullptr) return {};
  OpenShape shape;
  std::size_t rank = 0;
  Ort::ThrowOnError(Ort::GetApi().GetDimensionsCount(owned_by_context, &rank));
  shape.sizes.resize(rank);
  Ort::ThrowOnError(Ort::GetApi().GetDimensions(owned_by_context, shape.sizes.data(), rank));
  std::vector<const char*> names(rank);
  Ort::ThrowOnError(Ort::GetApi().GetSymbolicDimensions(owned_by_context, names.data(), rank));
  for (const char* name : names) shape.names.emplace_back(name == nullptr ? "" : name);
  return shape;
}

/// Null if the node does not have it.
const OrtOpAttr* attribute(const OrtShapeInferContext& context, const char* name) {
  const OrtOpAttr* found = nullptr;
  const Ort::Status status(Ort::GetApi().ShapeInferContext_GetAttribute(&context, name, &found));
  return status.IsOK() ? found : nullptr;
}

std::int64_t integer(const OrtShapeInferContext& context, const char* name, std::int64_t usual) {
  const OrtOpAttr* found = attribute(context, name);
  if (found == nullptr) return usual;
  std::int64_t value = 0;
  std::size_t size = 0;
  Ort::ThrowOnError(Ort::GetApi().ReadOpAttr(found, ORT_OP_ATTR_INT, &value, sizeof(value), &size));
  return value;
}

/// The bytes of a text or, each with a zero at its end, of several; none without the attribute.
std::string bytes_of(const OrtShapeInferContext& context, const char* name, OrtOpAttrType type) {
  const OrtOpAttr* found = attribute(context, name);
  if (found == nullptr) return {};
  std::size_t size = 0;
  // This call fails and says how many bytes it takes.
  const Ort::Status too_small(Ort::GetApi().ReadOpAttr(found, type, nullptr, 0, &size));
  std::string bytes(size, '\0');
  Ort::ThrowOnError(Ort::GetApi().ReadOpAttr(found, type, bytes.data(), size, &size));
  return bytes;
}

SeenActivations::Names read_activations(const OrtShapeInferContext& context) {
  const std::string bytes = bytes_of(context, "activations", ORT_OP_ATTR_STRINGS);
  SeenActivations::Names names;
  for (std::size_t begin = 0; begin < bytes.size();) {
    names.emplace_back(bytes.data() + begin);
    begin += names.back().size() + 1;
  }
  return names;
}

void set_output_shape(const OrtShapeInferContext& context, OperatorOutput output,
                      const OpenShape& shape) {
  OrtTensorTypeAndShapeInfo* made = nullptr;
  Ort::ThrowOnError(Ort::GetApi().CreateTensorTypeAndShapeInfo(&made));
  const Ort::TensorTypeAndShapeInfo info(made);
  std::vector<const char*> names;
  for (const std::string& name : shape.names) names.push_back(name.c_str());
  const OrtApi& api = Ort::GetApi();
  Ort::ThrowOnError(api.SetTensorElementType(made, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT));
  Ort::ThrowOnError(api.SetDimensions(made, shape.sizes.data(), shape.rank()));
  Ort::ThrowOnError(api.SetSymbolicDimensions(made, names.data(), shape.rank()));
  Ort::ThrowOnError(api.ShapeInferContext_SetOutputTypeShape(&context, output, made));
}

}  // namespace

void infer_shapes(const OrtShapeInferContext& context, SeenActivations& seen) {
  const OpenShape x = input_shape(context, kX);
  seen.add(input_shape(context, kW).sizes, input_shape(context, kR).sizes,
           read_activations(context));
  if (x.rank() != 3) return;
  // The attributes tell more than the shapes of weights, which may be computed.
  const bool both = bytes_of(context, "direction", ORT_OP_ATTR_STRING) == "bidirectional";
  const std::int64_t directions = both ? 2 : 1;
  OpenShape y;  // [steps, directions, batch, hidden], or [batch, steps, directions, hidden]
  y.add(x.sizes[0], x.names[0]);
  if (integer(context, "layout", 0) == 1) {
    y.add(x.sizes[1], x.names[1]);
    y.add(directions);
  } else {
    y.add(directions);
    y.add(x.sizes[1], x.names[1]);
  }
  y.add(integer(context, "hidden_size", -1));
  if (y.can_be_told()) set_output_shape(context, kY, y);
}

}  // namespace carousel::onnxruntime
