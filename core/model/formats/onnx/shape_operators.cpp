// SPDX-License-Identifier: Apache-2.0
// Operators that make constants and sizes.
#include "attributes.hpp"
#include "operators.hpp"
#include "sizes.hpp"
#include "tensors.hpp"

#include <cmath>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// More sizes than shapes have, and fewer than anybody could mind.
constexpr int kMaxRange = 4096;

Array array_attribute(const Call& call, const schema::AttributeProto& value) {
  return read_tensor(value.t(), call.context.folder, call.context.budget);
}

Array floats(Shape shape, const std::vector<float>& values) {
  return from_doubles(ElementType::f32, std::move(shape), {values.begin(), values.end()});
}

/// The axes of a value's shape.
std::vector<std::optional<Dim>> sizes_of(const Call& call) {
  const Value& value = call.input(0);
  const Atoms& atoms = call.atoms();
  if (const auto* repeated = std::get_if<Repeated>(&value)) return repeated->sizes;
  if (const auto* repeated = std::get_if<RepeatedSize>(&value)) return repeated->sizes;
  std::vector<std::optional<Dim>> sizes;
  const auto* unsupported = std::get_if<Unsupported>(&value);
  if (unsupported != nullptr || std::holds_alternative<Tensor>(value)) {
    const std::vector<Axis>& axes =
        unsupported != nullptr ? unsupported->axes.value() : std::get<Tensor>(value).axes;
    for (const Axis& axis : axes) sizes.push_back(atoms.size_of(axis));
    return sizes;
  }
  for (const std::int64_t size : known_shape(value)) sizes.emplace_back(Dim{size, {}});
  return sizes;
}

}  // namespace

std::vector<Value> constant(const Call& call) {
  const schema::NodeProto& node = call.node;
  if (const schema::AttributeProto* value = find_attribute(node, "value")) {
    return {constant_value(array_attribute(call, *value))};
  }
  if (find_attribute(node, "value_int") != nullptr) {
    return {constant_value(from_integers({}, {integer(node, "value_int", 0)}))};
  }
  if (const auto values = integers(node, "value_ints")) {
    return {constant_value(from_integers({static_cast<std::int64_t>(values->size())}, *values))};
  }
  if (find_attribute(node, "value_float") != nullptr) {
    return {constant_value(floats({}, {real(node, "value_float", 0.0F)}))};
  }
  if (find_attribute(node, "value_floats") != nullptr) {
    const std::vector<float> values = reals(node, "value_floats");
    return {constant_value(floats({static_cast<std::int64_t>(values.size())}, values))};
  }
  throw Refusal("holds something else than numbers");
}

std::vector<Value> constant_of_shape(const Call& call) {
  const std::optional<Integers> shape = as_integers(call.input(0));
  if (!shape) throw Refusal("its shape is not known");
  Array one = floats({1}, {0.0F});
  if (const auto* value = find_attribute(call.node, "value")) one = array_attribute(call, *value);
  if (one.size() != 1) {
    throw Malformed(formatted("its value has {} elements, but must have one", one.size()));
  }
  for (const std::optional<Dim>& size : shape->elements) {
    if (size && size->known() && size->factor < 0) {
      throw Malformed(formatted("its shape has the size {}", size->factor));
    }
  }
  one.shape.assign(shape->elements.size(), 1);
  return {simplified(Repeated{std::make_shared<Array>(std::move(one)), shape->elements})};
}

std::vector<Value> shape(const Call& call) {
  Integers sizes{{}, sizes_of(call)};
  for (std::optional<Dim>& size : sizes.elements) {
    if (size) size = call.atoms().normal(*size);
  }
  const auto rank = static_cast<std::int64_t>(sizes.elements.size());
  const Range range =
      clamp_range(0, integer(call.node, "start", 0), integer(call.node, "end", rank), 1, rank);
  sizes.shape = {rank};
  return {moved(call.context, simplified(std::move(sizes)), pick_range({rank}, range))};
}

std::vector<Value> size(const Call& call) {
  std::optional<Dim> product = Dim{};
  for (const std::optional<Dim>& size : sizes_of(call)) {
    product = product && size ? *product * call.atoms().normal(*size) : std::nullopt;
  }
  return {simplified(Integers{{}, {product}})};
}

std::vector<Value> range(const Call& call) {
  const auto number = [&](std::size_t input) {
    const Array& array = call.constant(input, "range");
    if (array.size() != 1) throw Malformed("its limits are no single numbers");
    return to_doubles(array)[0];
  };
  const double start = number(0);
  const double limit = number(1);
  const double delta = number(2);
  const double count = std::ceil((limit - start) / delta);
  const auto what = [&] {
    return formatted("makes a range from {} to {} with the step {}", start, limit, delta);
  };
  if (delta == 0.0 || std::isnan(count)) throw Malformed(what() + ", which is not defined");
  if (count > kMaxRange) throw Refusal(formatted("{}, more than {} numbers", what(), kMaxRange));
  std::vector<double> values;
  for (double k = 0; k < count; ++k) values.push_back(start + k * delta);
  return {constant_value(from_doubles(call.constant(0, "range").type,
                                      {static_cast<std::int64_t>(values.size())}, values))};
}

}  // namespace carousel::loading::onnx
