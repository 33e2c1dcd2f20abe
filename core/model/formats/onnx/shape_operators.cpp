// SPDX-License-Identifier: Apache-2.0
// The arithmetic of sizes with which exporters compute shapes and zero states while the graph runs.
#include "attributes.hpp"
#include "operators.hpp"
#include "tensors.hpp"

#include <algorithm>
#include <limits>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

using Element = std::optional<Dim>;

/// A constant of zeros larger than this is only ever used as "zeros".
constexpr std::int64_t kMaxFilled = 4096;

Value floats(const Shape& shape, const std::vector<float>& values) {
  schema::TensorProto tensor;
  tensor.set_data_type(schema::TensorProto::FLOAT);
  for (const std::int64_t size : shape) tensor.add_dims(size);
  for (const float value : values) tensor.add_float_data(value);
  Budget budget(values.size());
  return Constant{std::make_shared<Array>(read_tensor(tensor, std::nullopt, budget))};
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (const Shape& shape : {a, b}) {
    const std::size_t skipped = result.size() - shape.size();
    for (std::size_t k = 0; k < shape.size(); ++k) {
      std::int64_t& size = result[skipped + k];
      if (size == 1) size = shape[k];
    }
  }
  return result;
}

Integers integers_of(const Call& call, std::size_t input) {
  std::optional<Integers> found = as_integers(call.input(input));
  if (!found) throw Refusal("is supported for computed sizes only (small integer tensors)");
  return std::move(*found);
}

std::vector<Element> expanded(const Integers& operand, const Shape& shape) {
  const Picking picking = pick_expanded(operand.shape, shape);
  if (picking.shape != shape) throw Refusal("operands of shapes that do not fit");
  std::vector<Element> elements;
  for (const std::size_t from : picking.source) elements.push_back(operand.elements[from]);
  return elements;
}

Element known(std::int64_t value) { return Dim{value, {}}; }

bool both_known(const Dim& a, const Dim& b) { return a.known() && b.known(); }

Element sum(const Dim& a, const Dim& b, bool minus) {
  constexpr std::int64_t limit = std::numeric_limits<std::int64_t>::max() / 4;
  if (!minus && a == known(0)) return b;
  if (b == known(0)) return a;
  if (!both_known(a, b) || std::max(a.factor, b.factor) > limit ||
      std::min(a.factor, b.factor) < -limit) {
    return std::nullopt;
  }
  return known(minus ? a.factor - b.factor : a.factor + b.factor);
}

Element product(const Dim& a, const Dim& b) {
  if (a == known(1)) return b;
  if (b == known(1)) return a;
  // Sizes are not negative, but -1 stands for "infer" and is multiplied by 1 and compared.
  if (both_known(a, b) && a.factor >= -1 && b.factor >= -1 &&
      std::max(a.factor, b.factor) < (std::int64_t{1} << 31U)) {
    return known(a.factor * b.factor);
  }
  return a * b;
}

/// Only where it comes out even.
Element quotient(const Dim& a, const Dim& b) {
  if (b == known(1)) return a;
  if (a.factor < 0 || b.factor <= 0 || a.factor % b.factor != 0) return std::nullopt;
  if (!std::ranges::includes(a.atoms, b.atoms)) return std::nullopt;
  Dim result{a.factor / b.factor, {}};
  std::ranges::set_difference(a.atoms, b.atoms, std::back_inserter(result.atoms));
  return result;
}

Element equal(const Dim& a, const Dim& b) {
  if (a == b) return known(1);
  if (both_known(a, b)) return known(0);
  // A size is never negative.
  if ((a.known() && a.factor < 0) || (b.known() && b.factor < 0)) return known(0);
  return std::nullopt;
}

Element apply(const std::string& name, const Dim& a, const Dim& b) {
  if (name == "Add") return sum(a, b, false);
  if (name == "Sub") return sum(a, b, true);
  if (name == "Mul") return product(a, b);
  if (name == "Div") return quotient(a, b);
  return equal(a, b);
}

}  // namespace

std::vector<Value> constant(const Call& call) {
  const schema::NodeProto& node = call.node;
  if (const schema::AttributeProto* value = find_attribute(node, "value")) {
    return {Constant{std::make_shared<Array>(
        read_tensor(value->t(), call.context.folder, call.context.budget))}};
  }
  if (find_attribute(node, "value_int") != nullptr) {
    return {Constant{std::make_shared<Array>(from_integers({}, {integer(node, "value_int", 0)}))}};
  }
  if (const auto values = integers(node, "value_ints")) {
    return {Constant{std::make_shared<Array>(
        from_integers({static_cast<std::int64_t>(values->size())}, *values))}};
  }
  if (find_attribute(node, "value_float") != nullptr) {
    return {floats({}, {real(node, "value_float", 0.0F)})};
  }
  if (find_attribute(node, "value_floats") != nullptr) {
    const std::vector<float> values = reals(node, "value_floats");
    return {floats({static_cast<std::int64_t>(values.size())}, values)};
  }
  throw Refusal("holds something else than numbers");
}

std::vector<Value> constant_of_shape(const Call& call) {
  const Integers shape = integers_of(call, 0);
  Value one = floats({1}, {0.0F});
  if (const schema::AttributeProto* value = find_attribute(call.node, "value")) {
    one = Constant{
        std::make_shared<Array>(read_tensor(value->t(), call.context.folder, call.context.budget))};
  }
  if (known_shape(one) != Shape{1}) throw Refusal("its value has other than one element");
  Shape known_sizes;
  for (const Element& element : shape.elements) {
    if (!element || !element->known()) return {*uniform(one)};
    known_sizes.push_back(element->factor);
  }
  if (checked_count(known_sizes) > kMaxFilled) return {*uniform(one)};
  const Shape ones(known_sizes.size(), 1);
  return {moved(call.context, reshaped(one, ones), pick_expanded(ones, known_sizes))};
}

std::vector<Value> shape(const Call& call) {
  Integers sizes;
  if (const auto* tensor = std::get_if<Tensor>(&call.input(0))) {
    for (const Axis& axis : tensor->axes) {
      sizes.elements.push_back(size_of(axis, call.context.atoms));
    }
  } else {
    for (const std::int64_t size : known_shape(call.input(0))) {
      sizes.elements.push_back(known(size));
    }
  }
  const auto rank = static_cast<std::int64_t>(sizes.elements.size());
  const Range range =
      clamp_range(0, integer(call.node, "start", 0), integer(call.node, "end", rank), 1, rank);
  sizes.shape = {rank};
  return {moved(call.context, simplified(std::move(sizes)), pick_range({rank}, range))};
}

std::vector<Value> arithmetic(const Call& call) {
  const Integers a = integers_of(call, 0);
  const Integers b = integers_of(call, 1);
  Integers result{broadcast(a.shape, b.shape), {}};
  const std::vector<Element> left = expanded(a, result.shape);
  const std::vector<Element> right = expanded(b, result.shape);
  for (std::size_t k = 0; k < left.size(); ++k) {
    const bool usable = left[k] && right[k];
    result.elements.push_back(usable ? apply(call.node.op_type(), *left[k], *right[k])
                                     : std::nullopt);
  }
  return {simplified(std::move(result))};
}

std::vector<Value> where(const Call& call) {
  const Integers condition = integers_of(call, 0);
  const Integers a = integers_of(call, 1);
  const Integers b = integers_of(call, 2);
  Integers result{broadcast(condition.shape, broadcast(a.shape, b.shape)), {}};
  const std::vector<Element> chosen = expanded(condition, result.shape);
  const std::vector<Element> yes = expanded(a, result.shape);
  const std::vector<Element> no = expanded(b, result.shape);
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    const bool usable = chosen[k] && chosen[k]->known();
    result.elements.push_back(!usable ? std::nullopt : chosen[k]->factor != 0 ? yes[k] : no[k]);
  }
  return {simplified(std::move(result))};
}

}  // namespace carousel::loading::onnx
