// SPDX-License-Identifier: Apache-2.0
#include "values.hpp"

#include <algorithm>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

/// Sizes are a handful of numbers; a longer tensor is data.
constexpr std::size_t kMaxIntegers = 4096;
/// Products of more sizes than a tensor has axes mean nothing.
constexpr std::size_t kMaxAtoms = 16;

std::string describe(const Axis& axis, const std::vector<Atom>& atoms) {
  if (axis.empty()) return "1";
  std::string text;
  for (const AtomId id : axis) {
    const Atom& atom = atoms[id];
    const bool named = atom.role == Role::steps || atom.role == Role::batch;
    text += text.empty() ? "" : " * ";
    text += atom.size && !named ? std::to_string(*atom.size) : name(atom.role);
  }
  return text;
}

}  // namespace

const char* name(Role role) noexcept {
  switch (role) {
    case Role::none: return "any";
    case Role::steps: return "steps";
    case Role::batch: return "batch";
    case Role::slots: return "directions";
    case Role::features: return "features";
  }
  return "?";
}

std::optional<Dim> operator*(const Dim& a, const Dim& b) {
  if (a.factor < 0 || b.factor < 0) return std::nullopt;
  const std::optional<std::int64_t> factor = checked_multiply(a.factor, b.factor);
  if (!factor || a.atoms.size() + b.atoms.size() > kMaxAtoms) return std::nullopt;
  Dim product{*factor, a.atoms};
  product.atoms.insert(product.atoms.end(), b.atoms.begin(), b.atoms.end());
  std::ranges::sort(product.atoms);
  return product;
}

std::string describe(const std::vector<Axis>& axes, const std::vector<Atom>& atoms) {
  std::string text = "[";
  for (std::size_t i = 0; i < axes.size(); ++i) {
    text += (i == 0 ? "" : ", ") + describe(axes[i], atoms);
  }
  return text + "]";
}

std::optional<Dim> size_of(const Axis& axis, const std::vector<Atom>& atoms) {
  std::optional<Dim> size = Dim{};
  for (const AtomId id : axis) {
    const Dim factor = atoms[id].size ? Dim{*atoms[id].size, {}} : Dim{1, {id}};
    size = *size * factor;
    if (!size) return std::nullopt;
  }
  return size;
}

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
    throw Refusal("computes " + std::to_string(integers.elements.size()) + " sizes at once");
  }
  std::vector<std::int64_t> values;
  for (const std::optional<Dim>& element : integers.elements) {
    if (!element || !element->known()) return integers;
    values.push_back(element->factor);
  }
  return Constant{std::make_shared<Array>(from_integers(std::move(integers.shape), values))};
}

std::vector<std::int64_t> known_integers(const Value& value, const std::string& what) {
  const auto* constant = std::get_if<Constant>(&value);
  if (constant == nullptr) throw Refusal(what + " is not a constant");
  return to_integers(*constant->array);
}

}  // namespace carousel::loading::onnx
