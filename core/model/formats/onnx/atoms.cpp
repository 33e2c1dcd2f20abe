// SPDX-License-Identifier: Apache-2.0
#include "atoms.hpp"

#include <algorithm>
#include <utility>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

/// Products of more sizes than a tensor has axes mean nothing.
constexpr std::size_t kMaxFactors = 16;

}  // namespace

const char* name(Role role) noexcept {
  switch (role) {
    case Role::none: return "any";
    case Role::steps: return "steps";
    case Role::batch: return "batch";
    case Role::features: return "features";
  }
  return "?";
}

std::optional<Dim> operator*(const Dim& a, const Dim& b) {
  if (a.factor < 0 || b.factor < 0) return std::nullopt;
  const std::optional<std::int64_t> factor = checked_multiply(a.factor, b.factor);
  if (!factor || a.atoms.size() + b.atoms.size() > kMaxFactors) return std::nullopt;
  Dim product{*factor, a.atoms};
  product.atoms.insert(product.atoms.end(), b.atoms.begin(), b.atoms.end());
  std::ranges::sort(product.atoms);
  return product;
}

AtomId Atoms::add(Atom atom) {
  atoms_.push_back(std::move(atom));
  parents_.push_back(parents_.size());
  return parents_.size() - 1;
}

AtomId Atoms::root(AtomId id) const {
  while (parents_[id] != id) id = parents_[id];
  return id;
}

void Atoms::unite(AtomId a, AtomId b) {
  const AtomId kept = std::min(root(a), root(b));
  const AtomId gone = std::max(root(a), root(b));
  if (kept == gone) return;
  Atom& atom = atoms_[kept];
  const Atom& other = atoms_[gone];
  if (!atom.size) atom.size = other.size;
  if (atom.role == Role::none) atom.role = other.role;
  if (atom.name.empty()) atom.name = other.name;
  if (!atom.origin) atom.origin = other.origin;
  parents_[gone] = kept;
}

Axis Atoms::normal(const Axis& axis) const {
  Axis result;
  for (const AtomId id : axis) {
    if ((*this)[id].size != 1) result.push_back(root(id));
  }
  return result;
}

std::vector<Axis> Atoms::normal(const std::vector<Axis>& axes) const {
  std::vector<Axis> result;
  result.reserve(axes.size());
  for (const Axis& axis : axes) result.push_back(normal(axis));
  return result;
}

Dim Atoms::normal(const Dim& dim) const {
  std::optional<Dim> result = Dim{1, {}};
  for (const AtomId id : dim.atoms) {
    const Atom& atom = (*this)[id];
    result = *result * (atom.size ? Dim{*atom.size, {}} : Dim{1, {root(id)}});
    if (!result) return dim;
  }
  const auto factor = dim.factor < 0 && result->factor == 1
                          ? std::optional(dim.factor)
                          : checked_multiply(dim.factor, result->factor);
  if (!factor) return dim;
  result->factor = *factor;
  return *result;
}

std::optional<Dim> Atoms::size_of(const Axis& axis) const {
  std::optional<Dim> size = Dim{};
  for (const AtomId id : axis) {
    const Atom& atom = (*this)[id];
    size = *size * (atom.size ? Dim{*atom.size, {}} : Dim{1, {root(id)}});
    if (!size) return std::nullopt;
  }
  return size;
}

std::optional<std::int64_t> Atoms::known_size(const Axis& axis) const {
  const std::optional<Dim> size = size_of(axis);
  if (!size || !size->known()) return std::nullopt;
  return size->factor;
}

bool Atoms::all(const Axis& axis, Role role) const {
  return std::ranges::all_of(axis, [&](AtomId id) { return (*this)[id].role == role; });
}

bool Atoms::any(const Axis& axis, Role role) const {
  return std::ranges::any_of(axis, [&](AtomId id) { return (*this)[id].role == role; });
}

std::string Atoms::describe(const Axis& axis) const {
  if (axis.empty()) return "1";
  std::string text;
  for (const AtomId id : axis) {
    const Atom& atom = (*this)[id];
    const bool named = atom.role == Role::steps || atom.role == Role::batch;
    text += text.empty() ? "" : " * ";
    text += atom.size && !named ? std::to_string(*atom.size) : onnx::name(atom.role);
  }
  return text;
}

std::string Atoms::describe(const std::vector<Axis>& axes) const {
  std::string text = "[";
  for (std::size_t i = 0; i < axes.size(); ++i) text += (i == 0 ? "" : ", ") + describe(axes[i]);
  return text + "]";
}

}  // namespace carousel::loading::onnx
