// SPDX-License-Identifier: Apache-2.0
#include "values.hpp"

#include "picking.hpp"

#include <algorithm>
#include <cstring>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// Sizes are a handful of numbers; a longer tensor is data.
constexpr std::size_t kMaxIntegers = 4096;
/// A repeated constant larger than this stays as it is: it is only ever used as what it repeats.
constexpr std::int64_t kMaxExpanded = std::int64_t{1} << 16U;

}  // namespace

std::optional<Integers> as_integers(const Value& value) {
  if (const auto* integers = std::get_if<Integers>(&value)) return *integers;
  const auto* constant = std::get_if<Constant>(&value);
  if (constant == nullptr || is_float(constant->array->type) ||
      constant->array->size() > kMaxIntegers) {
    return std::nullopt;
  }
  Integers integers{constant->array->shape, {}};
  for (const std::int64_t element : to_integers(*constant->array)) {
    integers.elements.emplace_back(Dim{element, {}});
  }
  return integers;
}

Value simplified(Integers integers) {
  if (integers.elements.size() > kMaxIntegers) {
    throw Refusal(formatted("computes {} sizes at once", integers.elements.size()));
  }
  std::vector<std::int64_t> values;
  for (const std::optional<Dim>& element : integers.elements) {
    if (!element || !element->known()) return integers;
    values.push_back(element->factor);
  }
  return Constant{std::make_shared<Array>(from_integers(std::move(integers.shape), values))};
}

Value simplified(Repeated repeated) {
  Shape shape;
  for (const std::optional<Dim>& size : repeated.sizes) {
    if (!size || !size->known()) return repeated;
    shape.push_back(size->factor);
  }
  if (shape == repeated.array->shape) return Constant{std::move(repeated.array)};
  if (checked_count(shape) > kMaxExpanded) return repeated;
  return Constant{std::make_shared<Array>(
      gathered(*repeated.array, pick_expanded(repeated.array->shape, shape)))};
}

std::vector<std::int64_t> known_integers(const Value& value, const std::string& what) {
  const auto* constant = std::get_if<Constant>(&value);
  if (constant == nullptr) throw Refusal(what + " is not a constant");
  return to_integers(*constant->array);
}

}  // namespace carousel::loading::onnx
