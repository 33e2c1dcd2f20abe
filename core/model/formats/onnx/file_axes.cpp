// SPDX-License-Identifier: Apache-2.0
#include "file_axes.hpp"

#include "array.hpp"

#include <algorithm>
#include <cctype>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

bool named_like(const std::string& name, const char* part) {
  std::string lower;
  for (const char c : name) {
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return lower.find(part) != std::string::npos;
}

/// What the name of an axis says it counts.
Role role_of_name(const std::string& name) {
  if (named_like(name, "batch")) return Role::batch;
  for (const char* word : {"step", "seq", "time", "frame", "length"}) {
    if (named_like(name, word)) return Role::steps;
  }
  return Role::none;
}

FileAxis file_axis(const Atoms& atoms, const Axis& axis, const std::string& what) {
  const auto role = [&](std::size_t k) { return atoms[axis[k]].role; };
  if (axis.size() == 1 && role(0) == Role::steps) return {FileAxis::Of::steps};
  if (axis.size() == 1 && role(0) == Role::batch) return {FileAxis::Of::batch};
  if (axis.size() == 2 && role(0) == Role::steps && role(1) == Role::batch) {
    return {FileAxis::Of::steps_batch};
  }
  if (axis.size() == 2 && role(0) == Role::batch && role(1) == Role::steps) {
    return {FileAxis::Of::batch_steps};
  }
  if (atoms.all(axis, Role::features)) {
    return {FileAxis::Of::features, atoms.known_size(axis).value_or(1)};
  }
  throw Refusal(
      formatted("{} has the axis [{}], steps or batch rows reshaped into one axis with others",
                what, atoms.describe(axis)));
}

}  // namespace

void settle_axes(Atoms& atoms, const std::string& input, const std::vector<Axis>& axes) {
  std::vector<AtomId> open;
  bool has_steps = false;
  bool has_batch = false;
  for (const Axis& axis : axes) {
    has_steps = has_steps || atoms.any(axis, Role::steps);
    has_batch = has_batch || atoms.any(axis, Role::batch);
    for (const AtomId id : axis) {
      if (atoms[id].role == Role::none) open.push_back(id);
    }
  }
  if (open.size() + (has_steps ? 1U : 0U) + (has_batch ? 1U : 0U) > 2) {
    throw Refusal(formatted(
        "the axes of input {} {} are more than steps, batch rows and features; give its shape when "
        "the file is loaded (--input-shape), so that those of known size are features",
        quote(input), atoms.describe(axes)));
  }
  bool first_is_batch = !has_batch;
  if (open.size() == 2) {
    const bool told = role_of_name(atoms[open[0]].name) == Role::steps ||
                      role_of_name(atoms[open[1]].name) == Role::batch;
    first_is_batch = !told;
  }
  for (std::size_t k = 0; k < open.size(); ++k) {
    const bool batch = k == 0 ? first_is_batch : !first_is_batch;
    atoms.set_role(open[k], batch ? Role::batch : Role::steps);
  }
}

std::vector<FileAxis> file_axes(const Atoms& atoms, const std::vector<Axis>& axes,
                                const std::string& what) {
  std::vector<FileAxis> result;
  result.reserve(axes.size());
  for (const Axis& axis : axes) result.push_back(file_axis(atoms, axis, what));
  // No axes would be taken for the usual ones.
  if (result.empty()) result.push_back({FileAxis::Of::features, 1});
  return result;
}

bool are_usual(const std::vector<FileAxis>& axes, std::int64_t size) {
  const std::vector<FileAxis> usual{
      {FileAxis::Of::steps}, {FileAxis::Of::batch}, {FileAxis::Of::features, size}};
  return axes == usual;
}

}  // namespace carousel::loading::onnx
