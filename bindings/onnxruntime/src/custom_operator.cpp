// SPDX-License-Identifier: Apache-2.0
#include "custom_operator.hpp"

#include "kernel_node.hpp"
#include "recurrent_kernel.hpp"
#include "shape_inference.hpp"

#include <utility>

namespace carousel::onnxruntime {
namespace {

constexpr std::uint32_t kVersion = 16;                    // CreateKernelV2, KernelComputeV2
constexpr std::uint32_t kVersionWithShapeInference = 17;  // InferOutputShapeFn

/// A kernel is given the operator's inputs and outputs by their places.
Wiring wire(const RecurrentNode& node) {
  Wiring wiring;
  for (const OperatorInput input : {kX, kLengths, kInitialH, kInitialC}) {
    if (node.inputs.at(input).exists()) wiring.inputs.at(input) = std::size_t{input};
  }
  for (const OperatorOutput output : {kY, kFinalH, kFinalC}) {
    if (!node.outputs.at(output).empty()) wiring.outputs.at(output) = std::size_t{output};
  }
  return wiring;
}

}  // namespace

CustomOperator::CustomOperator(std::string name, std::size_t inputs, std::size_t outputs,
                               bool infers_shapes, KernelOptions options)
    : OrtCustomOp{},
      name_(std::move(name)),
      inputs_(inputs),
      outputs_(outputs),
      infers_shapes_(infers_shapes),
      options_(std::move(options)) {
  version = infers_shapes ? kVersionWithShapeInference : kVersion;
  set_descriptions();
  set_inputs_and_outputs();
  set_kernels();
}

void CustomOperator::set_descriptions() {
  GetName = [](const OrtCustomOp* self) {
    return static_cast<const CustomOperator*>(self)->name_.c_str();
  };
  // Null is the CPU's.
  GetExecutionProviderType = [](const OrtCustomOp*) -> const char* { return nullptr; };
  if (!infers_shapes_) return;
  InferOutputShapeFn = [](const OrtCustomOp* self, OrtShapeInferContext* context) -> OrtStatus* {
    return status_of(
        [&] { infer_shapes(*context, static_cast<const CustomOperator*>(self)->seen_); });
  };
}

void CustomOperator::set_inputs_and_outputs() {
  GetInputTypeCount = [](const OrtCustomOp* self) {
    return static_cast<const CustomOperator*>(self)->inputs_;
  };
  GetOutputTypeCount = [](const OrtCustomOp* self) {
    return static_cast<const CustomOperator*>(self)->outputs_;
  };
  GetInputType = [](const OrtCustomOp*, std::size_t input) {
    return input == kLengths ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32
                             : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  };
  GetOutputType = [](const OrtCustomOp*, std::size_t) {
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  };
  GetInputCharacteristic = [](const OrtCustomOp*, std::size_t input) {
    return input <= kR ? INPUT_OUTPUT_REQUIRED : INPUT_OUTPUT_OPTIONAL;
  };
  GetOutputCharacteristic = [](const OrtCustomOp*, std::size_t) { return INPUT_OUTPUT_OPTIONAL; };
  GetInputMemoryType = [](const OrtCustomOp*, std::size_t) { return OrtMemTypeDefault; };
}

void CustomOperator::set_kernels() {
  CreateKernelV2 = [](const OrtCustomOp* self, const OrtApi*, const OrtKernelInfo* info,
                      void** kernel) -> OrtStatus* {
    return status_of(
        [&] { *kernel = static_cast<const CustomOperator*>(self)->make_kernel(*info).release(); });
  };
  KernelComputeV2 = [](void* kernel, OrtKernelContext* context) -> OrtStatus* {
    return status_of(
        [&] { static_cast<RecurrentKernel*>(kernel)->compute(Ort::KernelContext(context)); });
  };
  KernelDestroy = [](void* kernel) { delete static_cast<RecurrentKernel*>(kernel); };
}

std::unique_ptr<RecurrentKernel> CustomOperator::make_kernel(const OrtKernelInfo& info) const {
  const RecurrentNode node =
      read_node(Ort::ConstKernelInfo(&info), name_, infers_shapes_ ? &seen_ : nullptr);
  return std::make_unique<RecurrentKernel>(node, wire(node), options_);
}

}  // namespace carousel::onnxruntime
