// SPDX-License-Identifier: Apache-2.0
// Concat: of constants and computed sizes, and of features.
#include "attributes.hpp"
#include "frames.hpp"
#include "operators.hpp"
#include "sizes.hpp"

#include <algorithm>
#include <numeric>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

std::int64_t concat_axis(const Call& call) {
  if (find_attribute(call.node, "axis") == nullptr) throw Malformed("has no axis");
  return integer(call.node, "axis", 0);
}

/// The type that constants of several types have in common.
ElementType common_type(const std::vector<SharedArray>& operands) {
  const ElementType first = operands.front()->type;
  const bool same = std::ranges::all_of(operands, [&](const auto& o) { return o->type == first; });
  if (same) return first;
  return is_float(first) ? ElementType::f32 : ElementType::i64;
}

/// Rows [outer, axis * inner] of all operands, side by side.
Value concat_constants(const Call& call, std::vector<SharedArray> operands) {
  const ElementType type = common_type(operands);
  for (SharedArray& operand : operands) {
    if (operand->type != type) operand = std::make_shared<Array>(onnx::cast(*operand, type));
  }
  const Array& first = *operands.front();
  const std::size_t axis = checked_axis(concat_axis(call), first.shape.size());
  Array result{first.type, first.shape, {}};
  result.shape[axis] = 0;
  std::size_t bytes = 0;
  for (const SharedArray& operand : operands) {
    Shape shape = operand->shape;
    if (shape.size() != first.shape.size()) throw Malformed("its operands differ in rank");
    result.shape[axis] += shape[axis];
    shape[axis] = first.shape[axis];
    if (shape != first.shape) throw Malformed("its operands differ in another axis");
    bytes += operand->data.size();
  }
  call.context.budget.take(bytes);
  result.data.reserve(bytes);
  const auto at = first.shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t outer = checked_count(Shape(first.shape.begin(), at));
  for (std::int64_t row = 0; row < outer; ++row) {
    for (const SharedArray& operand : operands) {
      const std::vector<std::byte>& data = operand->data;
      const std::size_t run = data.size() / static_cast<std::size_t>(outer);
      const auto begin = data.begin() + row * static_cast<std::ptrdiff_t>(run);
      result.data.insert(result.data.end(), begin, begin + static_cast<std::ptrdiff_t>(run));
    }
  }
  return constant_value(std::move(result));
}

std::optional<Value> concat_sizes(const Call& call) {
  Integers result{{0}, {}};
  for (std::size_t k = 0; k < call.inputs.size(); ++k) {
    const std::optional<Integers> operand = as_integers(call.input(k));
    if (!operand || operand->shape.size() != 1) return std::nullopt;
    result.elements.insert(result.elements.end(), operand->elements.begin(),
                           operand->elements.end());
  }
  result.shape[0] = static_cast<std::int64_t>(result.elements.size());
  return simplified(std::move(result));
}

/// Repeated constants of one element with the same value: more of the same.
std::optional<Value> concat_repeated(const Call& call) {
  std::optional<Repeated> result;
  std::size_t axis = 0;
  for (std::size_t k = 0; k < call.inputs.size(); ++k) {
    const std::optional<Repeated> operand = as_repeated(call.input(k));
    if (!operand || operand->array->size() != 1) return std::nullopt;
    if (!result) {
      result = operand;
      axis = checked_axis(concat_axis(call), operand->sizes.size());
      continue;
    }
    const bool same = operand->array->data == result->array->data &&
                      operand->sizes.size() == result->sizes.size();
    if (!same) return std::nullopt;
    std::optional<Dim>& size = result->sizes[axis];
    const std::optional<Dim>& more = operand->sizes[axis];
    const bool known = size && more && size->known() && more->known();
    size = known ? std::optional(Dim{size->factor + more->factor, {}}) : std::nullopt;
  }
  return result ? std::optional(simplified(std::move(*result))) : std::nullopt;
}

/// A constant among tensors, as one of them.
Tensor as_tensor(const Call& call, std::size_t input, const Tensor& like) {
  if (call.is_tensor(input)) return call.tensor(input);
  const std::optional<Repeated> constant = as_repeated(call.input(input));
  if (!constant || constant->sizes.size() != like.axes.size()) {
    throw Refusal("joins sizes with values of the network");
  }
  Array array = *constant->array;
  for (std::size_t k = 0; k < constant->sizes.size(); ++k) {
    const std::optional<Dim>& size = constant->sizes[k];
    if (size && size->known() && size->factor != array.shape[k]) {
      Shape shape = array.shape;
      shape[k] = size->factor;
      array = gathered(array, pick_expanded(array.shape, shape));
    }
  }
  Tensor made = constant_tensor(call, array, like);
  for (std::size_t k = 0; k < made.axes.size(); ++k) {
    const bool open = !constant->sizes[k] || !constant->sizes[k]->known();
    if (!open) continue;
    // As often as the tensor that it is joined with says.
    made.axes[k] = like.axes[k];
    if (call.atoms().any(like.axes[k], Role::steps)) made.repeats_step = true;
  }
  return made;
}

std::vector<Tensor> operands_of(const Call& call) {
  std::size_t first = 0;
  while (!call.is_tensor(first)) ++first;
  const Tensor like = call.tensor(first);
  std::vector<Tensor> tensors;
  for (std::size_t k = 0; k < call.inputs.size(); ++k) {
    tensors.push_back(as_tensor(call, k, like));
  }
  return tensors;
}

/// Makes the axes of two operands the same, but for the one that they are joined along.
void check_axes(const Call& call, const Tensor& a, const Tensor& b, std::size_t axis) {
  const Atoms& atoms = call.atoms();
  for (std::size_t k = 0; k < a.axes.size(); ++k) {
    if (k == axis || a.axes[k] == b.axes[k]) continue;
    const bool features =
        atoms.all(a.axes[k], Role::features) && atoms.all(b.axes[k], Role::features);
    if (features && atoms.known_size(a.axes[k]) == atoms.known_size(b.axes[k])) continue;
    unite(call.context, a.axes[k], b.axes[k], "the axes of its operands");
  }
}

/// The tensor with its features laid out with those of the axis first, all others in order.
Tensor axis_first(const Call& call, const Tensor& tensor, std::size_t axis) {
  Axis layout = tensor.axes[axis];
  for (std::size_t k = 0; k < tensor.axes.size(); ++k) {
    if (k == axis) continue;
    const Axis others = features_of(call.atoms(), {tensor.axes[k]});
    layout.insert(layout.end(), others.begin(), others.end());
  }
  return arranged(call, tensor, layout);
}

Tensor joined(const Call& call, std::vector<Tensor> tensors, std::size_t axis) {
  Context& context = call.context;
  std::vector<std::size_t> flows;
  std::int64_t total = 0;
  const auto repeats = [](const Tensor& t) { return t.repeats_step; };
  const bool all_repeat = std::ranges::all_of(tensors, repeats);
  for (Tensor& tensor : tensors) {
    total += *context.atoms.known_size(tensor.axes[axis]);
    tensor = axis_first(call, tensor, axis);
    flows.push_back(tensor.flow);
  }
  Tensor result = tensors.front();
  result.axes[axis] = new_axis(context, total, Role::features);
  result.flow = context.network.joined(call.where, flows);
  if (!all_repeat && std::ranges::any_of(tensors, repeats)) {
    context.network[result.flow].mixes_steps = true;
  }
  result.repeats_step = all_repeat;
  result.layout = result.axes[axis];
  for (std::size_t k = 0; k < result.axes.size(); ++k) {
    if (k == axis) continue;
    const Axis others = features_of(context.atoms, {result.axes[k]});
    result.layout.insert(result.layout.end(), others.begin(), others.end());
  }
  result.whole = std::ranges::all_of(tensors, &Tensor::whole);
  return result;
}

Tensor concat_tensors(const Call& call) {
  std::vector<Tensor> tensors = operands_of(call);
  const std::size_t rank = tensors.front().axes.size();
  const std::size_t axis = checked_axis(concat_axis(call), rank);
  for (const Tensor& tensor : tensors) {
    if (tensor.axes.size() != rank) throw Malformed("its operands differ in rank");
    if (!call.atoms().all(tensor.axes[axis], Role::features)) {
      throw Refusal(formatted("joins values along the axis {} of {}; only features can be joined",
                              call.atoms().describe(tensor.axes[axis]),
                              call.atoms().describe(tensor.axes)));
    }
    check_axes(call, tensors.front(), tensor, axis);
  }
  if (tensors.size() == 1) return tensors.front();
  for (Tensor& tensor : tensors) {
    tensor.axes = call.atoms().normal(tensor.axes);
    tensor.layout = call.atoms().normal(tensor.layout);
  }
  return joined(call, std::move(tensors), axis);
}

}  // namespace

std::vector<Value> concat(const Call& call) {
  std::vector<SharedArray> constants;
  bool tensors = false;
  for (std::size_t k = 0; k < call.inputs.size(); ++k) {
    tensors = tensors || call.is_tensor(k);
    const auto* constant = std::get_if<Constant>(&call.input(k));
    if (constant != nullptr) constants.push_back(constant->array);
  }
  if (call.inputs.empty()) throw Malformed("has no operands");
  if (tensors) return {concat_tensors(call)};
  if (constants.size() == call.inputs.size()) return {concat_constants(call, constants)};
  if (std::optional<Value> sizes = concat_sizes(call)) return {std::move(*sizes)};
  if (std::optional<Value> repeated = concat_repeated(call)) return {std::move(*repeated)};
  throw Refusal("joins constants with sizes that are not known");
}

}  // namespace carousel::loading::onnx
