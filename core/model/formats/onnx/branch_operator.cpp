// SPDX-License-Identifier: Apache-2.0
// If: the branch that its condition chooses, where that is known before the network runs.
#include "attributes.hpp"
#include "operators.hpp"

#include <set>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// The condition, if it is known.
std::optional<bool> read_condition(const Value& value) {
  if (const auto* constant = std::get_if<Constant>(&value)) {
    if (constant->array->size() != 1) throw Malformed("its condition is no single value");
    return to_doubles(*constant->array)[0] != 0.0;
  }
  if (const auto* repeated = std::get_if<Repeated>(&value)) {
    if (repeated->array->size() == 1) return to_doubles(*repeated->array)[0] != 0.0;
  }
  return std::nullopt;
}

[[noreturn]] void refuse(const Call& call) {
  const std::string& condition = call.node.input(0);
  std::string names;
  for (const std::string& name : call.graph.inputs_before(condition)) {
    names += (names.empty() ? "" : ", ") + quote(name);
  }
  const std::string inside = find_recurrent_inside(call.node);
  throw Refusal(formatted(
      "its condition {} is known only when the network runs{}{}", quote(condition),
      inside.empty() ? "" : formatted(" (it decides about {})", inside),
      names.empty()
          ? ""
          : formatted("; it depends on the inputs {}: fix a value with --set NAME=VALUE, or give "
                      "the shape of an input when the file is loaded (--input-shape)",
                      names)));
}

}  // namespace

std::vector<Value> branch(const Call& call) {
  const std::optional<bool> condition = read_condition(call.input(0));
  if (!condition) refuse(call);
  const std::string label = *condition ? "then_branch" : "else_branch";
  const schema::AttributeProto* found = find_attribute(call.node, label);
  if (found == nullptr || !found->has_g()) throw Malformed("has no " + label);
  return call.run_branch(call, {found->g(), label});
}

}  // namespace carousel::loading::onnx
