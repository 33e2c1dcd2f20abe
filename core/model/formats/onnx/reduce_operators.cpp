// SPDX-License-Identifier: Apache-2.0
// ReduceMean and its like.
#include "attributes.hpp"
#include "elementwise.hpp"
#include "frames.hpp"
#include "operators.hpp"
#include "reduction.hpp"
#include "sizes.hpp"

#include <algorithm>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

/// Which axes are reduced; empty: nothing is done.
std::vector<bool> read_axes(const Call& call, std::size_t rank) {
  const std::int64_t since = call.node.op_type() == "ReduceSum" ? 13 : 18;
  const auto axes = axes_argument(call, "axes", 1, since);
  std::vector<bool> reduced(rank, false);
  if (!axes || axes->empty()) {
    if (integer(call.node, "noop_with_empty_axes", 0) != 0) return reduced;
    reduced.assign(rank, true);
  }
  for (const std::int64_t axis : axes.value_or(Shape{})) reduced[checked_axis(axis, rank)] = true;
  return reduced;
}

ReduceOperation operation_of(const std::string& name) {
  if (name == "ReduceMean") return ReduceOperation::mean;
  if (name == "ReduceMax") return ReduceOperation::maximum;
  if (name == "ReduceMin") return ReduceOperation::minimum;
  if (name == "ReduceL2") return ReduceOperation::l2;
  return ReduceOperation::sum;
}

/// All features of these axes become one.
Tensor reduce_features(const Call& call, const Tensor& tensor, ReduceOperation operation,
                       const Axis& along) {
  Tensor result = with_last(call, tensor, along);
  const std::int64_t size = frame_size(call.atoms(), result.layout);
  const std::int64_t group = frame_size(call.atoms(), along);
  ReduceFeaturesSpec spec{operation, size, group == size ? 0 : group};
  result = apply(call, result, {.spec = spec});
  result.layout.resize(result.layout.size() - along.size());
  return result;
}

/// A step that is repeated, reduced: itself, but for a sum.
Tensor reduce_repeated(const Call& call, Tensor tensor, ReduceOperation operation,
                       const Axis& steps) {
  tensor.repeats_step = false;
  const bool same = operation == ReduceOperation::mean || operation == ReduceOperation::maximum ||
                    operation == ReduceOperation::minimum;
  if (same) return tensor;
  const std::optional<std::int64_t> count = call.atoms().known_size(steps);
  if (!count || operation == ReduceOperation::l2) {
    throw Refusal("adds up a step that is repeated");
  }
  return combine(call, ElementwiseOperation::multiply, tensor, static_cast<double>(*count));
}

}  // namespace

Tensor reduce_axes(const Call& call, const Tensor& tensor, ReduceOperation operation,
                   const std::vector<bool>& reduced, bool keep) {
  const Atoms& atoms = call.atoms();
  Tensor result = tensor;
  Axis features;
  Axis steps;
  std::vector<Axis> axes;
  for (std::size_t k = 0; k < tensor.axes.size(); ++k) {
    if (!reduced[k] || keep) axes.push_back(reduced[k] ? Axis{} : tensor.axes[k]);
    if (!reduced[k]) continue;
    if (atoms.all(tensor.axes[k], Role::features)) {
      features.insert(features.end(), tensor.axes[k].begin(), tensor.axes[k].end());
    } else {
      fix_role(call.context, tensor.axes[k], Role::steps, "the axis along which it reduces values");
      steps = tensor.axes[k];
    }
  }
  result.axes = std::move(axes);
  const bool identity = features.empty() && steps.empty();
  if (identity && operation == ReduceOperation::l2) {
    result = apply_function(call, result, {ActivationKind::abs});
  }
  if (!features.empty()) result = reduce_features(call, result, operation, features);
  if (!steps.empty() && tensor.repeats_step) {
    result = reduce_repeated(call, result, operation, steps);
  } else if (!steps.empty()) {
    const std::int64_t size = frame_size(atoms, result.layout);
    result = apply(call, result, {.spec = ReduceStepsSpec{operation, size, false}});
  }
  result.whole =
      tensor.whole && operation != ReduceOperation::mean && operation != ReduceOperation::l2;
  return result;
}

std::vector<Value> reduce(const Call& call) {
  const std::string& name = call.node.op_type();
  const bool keep = integer(call.node, "keepdims", 1) != 0;
  if (!call.is_tensor(0)) {
    const Array& array = call.constant(0, "operand");
    return {constant_value(fold_reduction(name, array, read_axes(call, array.shape.size()), keep))};
  }
  Tensor tensor = call.tensor(0);
  if (!is_float(tensor.type) && name == "ReduceMean") throw Refusal("averages integers");
  const std::vector<bool> reduced = read_axes(call, tensor.axes.size());
  if (std::ranges::none_of(reduced, [](bool r) { return r; })) {
    if (name == "ReduceSumSquare" || name == "ReduceL1" || name == "ReduceL2") {
      throw Refusal("reduces no axis");
    }
    return {std::move(tensor)};
  }
  if (name == "ReduceSumSquare") {
    tensor = combine(call, ElementwiseOperation::multiply, tensor, tensor);
  }
  if (name == "ReduceL1") tensor = apply_function(call, tensor, {ActivationKind::abs});
  return {reduce_axes(call, tensor, operation_of(name), reduced, keep)};
}

}  // namespace carousel::loading::onnx
