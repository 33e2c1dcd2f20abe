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

bool has_batch_first(const OrtShapeInferContext& context) {
  const OrtOpAttr* layout = attribute(context, "layout");
  if (layout == nullptr) return false;
  std::int64_t value = 0;
  std::size_t size = 0;
  Ort::ThrowOnError(
      Ort::GetApi().ReadOpAttr(layout, ORT_OP_ATTR_INT, &value, sizeof(value), &size));
  return value == 1;
}

SeenActivations::Names read_activations(const OrtShapeInferContext& context) {
  const OrtOpAttr* activations = attribute(context, "activations");
  if (activations == nullptr) return {};
  std::size_t size = 0;
  // This call fails and says how many bytes it takes: each name with a zero at its end.
  const Ort::Status too_small(
      Ort::GetApi().ReadOpAttr(activations, ORT_OP_ATTR_STRINGS, nullptr, 0, &size));
  std::string bytes(size, '\0');
  Ort::ThrowOnError(
      Ort::GetApi().ReadOpAttr(activations, ORT_OP_ATTR_STRINGS, bytes.data(), size, &size));
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
  const OpenShape w = input_shape(context, kW);
  const OpenShape r = input_shape(context, kR);
  seen.add(w.sizes, r.sizes, read_activations(context));
  if (x.rank() != 3 || r.rank() != 3) return;
  OpenShape y;  // [steps, directions, batch, hidden], or [batch, steps, directions, hidden]
  y.add(x.sizes[0], x.names[0]);
  if (has_batch_first(context)) {
    y.add(x.sizes[1], x.names[1]);
    y.add(r.sizes[0], r.names[0]);
  } else {
    y.add(r.sizes[0], r.names[0]);
    y.add(x.sizes[1], x.names[1]);
  }
  y.add(r.sizes[2], r.names[2]);
  set_output_shape(context, kY, y);
}

}  // namespace carousel::onnxruntime
