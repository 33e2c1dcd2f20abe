// SPDX-License-Identifier: Apache-2.0
#include "neighbours.hpp"

#include "layout.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace carousel::onnxruntime {
namespace {

using Numbers = std::vector<std::int64_t>;

/// The only node that a value goes to, if there is nobody else who sees it.
std::optional<Ort::ConstNode> only_consumer(const Ort::ConstValueInfo& value,
                                            const NodeIds& available) {
  if (value.IsGraphOutput()) return std::nullopt;
  const auto consumers = value.GetConsumers();
  if (consumers.size() != 1 || consumers.front().index != 0) return std::nullopt;
  const Ort::ConstNode node = consumers.front().node;
  if (!available.contains(node.GetId())) return std::nullopt;
  return node;
}

Numbers attribute_numbers(const Ort::ConstNode& node, const char* name) {
  Numbers numbers;
  for (const Ort::ConstOpAttr& attribute : node.GetAttributes()) {
    if (attribute.GetName() != name) continue;
    Ort::ThrowOnError(attribute.GetValueArray(numbers));
  }
  return numbers;
}

/// The numbers of a constant second input; none where it is another.
Numbers second_input(const Ort::ConstNode& node) {
  const std::vector<Ort::ConstValueInfo> inputs = node.GetInputs();
  if (inputs.size() < 2 || !inputs[1].IsConstantInitializer()) return {};
  Ort::ConstValue value{nullptr};
  Ort::ThrowOnError(inputs[1].GetInitializer(value));
  const Ort::TensorTypeAndShapeInfo info = value.GetTensorTypeAndShapeInfo();
  if (info.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64) return {};
  const auto* numbers = value.GetTensorData<std::int64_t>();
  return {numbers, numbers + info.GetElementCount()};
}

std::optional<Axes> squeezed(const Axes& axes, const Ort::ConstNode& node,
                             const RecurrentSpec& spec) {
  Numbers removed = attribute_numbers(node, "axes");  // until operator set 12
  if (removed.empty()) removed = second_input(node);
  if (removed.size() != 1) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(axes.size());
  const std::int64_t axis = removed.front() < 0 ? removed.front() + rank : removed.front();
  if (axis < 0 || axis >= rank || spec.directions() != 1) return std::nullopt;
  const auto place = axes.begin() + static_cast<std::ptrdiff_t>(axis);
  if (*place != std::vector{Axis::directions}) return std::nullopt;
  Axes result(axes.begin(), place);
  result.insert(result.end(), place + 1, axes.end());
  return result;
}

std::optional<Axes> transposed(const Axes& axes, const Ort::ConstNode& node) {
  const Numbers order = attribute_numbers(node, "perm");
  if (order.size() != axes.size()) return std::nullopt;
  Axes result;
  for (const std::int64_t axis : order) result.push_back(axes.at(static_cast<std::size_t>(axis)));
  return result;
}

/// A reshape that makes one axis of the last two: to [0, 0, features] or [0, 0, -1].
std::optional<Axes> joined(const Axes& axes, const Ort::ConstNode& node,
                           const RecurrentSpec& spec) {
  const Numbers shape = second_input(node);
  if (axes.size() != 4 || shape.size() != 3 || shape[0] != 0 || shape[1] != 0) return std::nullopt;
  const bool joins_features = axes[2] == std::vector{Axis::directions} &&
                              axes[3] == std::vector{Axis::hidden} &&
                              (shape[2] == -1 || shape[2] == spec.output_size());
  if (!joins_features) return std::nullopt;
  for (const Ort::ConstOpAttr& attribute : node.GetAttributes()) {
    std::int64_t zeros_are_sizes = 0;
    if (attribute.GetName() != "allowzero") continue;
    Ort::ThrowOnError(attribute.GetValue(zeros_are_sizes));
    if (zeros_are_sizes != 0) return std::nullopt;
  }
  return Axes{axes[0], axes[1], {Axis::directions, Axis::hidden}};
}

/// The axes of what a node makes of an array with these; nothing where it is more than a
/// rearrangement that is known here.
std::optional<Axes> rearranged(const Axes& axes, const Ort::ConstNode& node,
                               const RecurrentSpec& spec) {
  if (!node.GetDomain().empty()) return std::nullopt;
  const std::string type = node.GetOperatorType();
  if (type == "Squeeze") return squeezed(axes, node, spec);
  if (type == "Transpose") return transposed(axes, node);
  if (type == "Reshape") return joined(axes, node, spec);
  return std::nullopt;
}

/// Takes the nodes behind Y, up to the last one whose result a stream can write.
void take_behind(FusedNode& fused, const Ort::ConstNode& node, const NodeIds& available) {
  if (fused.recurrent.outputs[kY].empty()) return;
  const auto& spec = std::get<RecurrentSpec>(fused.recurrent.layer.spec);
  Axes axes = fused.recurrent.y_axes;
  std::vector<Ort::ConstNode> passed;
  Ort::ConstValueInfo value = node.GetOutputs().at(kY);
  while (const auto next = only_consumer(value, available)) {
    std::optional<Axes> made = rearranged(axes, *next, spec);
    if (!made) return;
    axes = std::move(*made);
    passed.push_back(*next);
    value = next->GetOutputs().front();
    if (!in_stream_order(axes, spec.directions())) continue;
    fused.nodes.insert(fused.nodes.end(), passed.begin(), passed.end());
    passed.clear();
    fused.recurrent.y_axes = axes;
    fused.recurrent.outputs[kY] = value.GetName();
  }
}

/// Takes a Transpose before X that swaps steps and batch.
void take_before(FusedNode& fused, const Ort::ConstNode& node, const NodeIds& available) {
  const Ort::ConstValueInfo x = node.GetInputs().at(kX);
  const bool given = x.IsRequiredGraphInput() || x.IsOptionalGraphInput() || x.IsFromOuterScope();
  if (given || !only_consumer(x, ids_of({node}))) return;
  const Ort::ConstNode before = x.GetProducerNode().node;
  if (static_cast<const OrtNode*>(before) == nullptr || !available.contains(before.GetId())) return;
  const bool swaps = before.GetDomain().empty() && before.GetOperatorType() == "Transpose" &&
                     attribute_numbers(before, "perm") == Numbers{1, 0, 2};
  if (!swaps) return;
  fused.nodes.insert(fused.nodes.begin(), before);
  fused.recurrent.x_batch_first = !fused.recurrent.x_batch_first;
  fused.recurrent.inputs[kX].name = before.GetInputs().front().GetName();
}

}  // namespace

NodeIds ids_of(const std::vector<Ort::ConstNode>& nodes) {
  NodeIds ids;
  for (const Ort::ConstNode& node : nodes) ids.insert(node.GetId());
  return ids;
}

FusedNode fuse(const Ort::ConstNode& node, const NodeIds& available) {
  FusedNode fused{.nodes = {node}, .recurrent = read_node(node)};
  take_behind(fused, node, available);
  take_before(fused, node, available);
  return fused;
}

}  // namespace carousel::onnxruntime
