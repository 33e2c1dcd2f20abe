// SPDX-License-Identifier: Apache-2.0
#include "operators.hpp"

#include "attributes.hpp"

#include <algorithm>
#include <utility>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// What a tensor's only atom is taken for is no longer free.
[[noreturn]] void refuse_role(const Context& context, const Axis& axis, Role role,
                              const std::string& what) {
  throw Refusal(formatted("{} must count {}, but the axis {} counts {} elsewhere", what, name(role),
                          context.atoms.describe(axis), name(context.atoms[axis.front()].role)));
}

std::string how_to_fix(const Atom& atom) {
  if (!atom.origin) return "it is computed when the network runs";
  return shape_wanted(atom.origin);
}

/// Whether the meaning of an axis of an input is what an operator that could do with another one
/// supposed.
bool is_guess(const Context& context, const InputAxis& axis) {
  const auto found = context.knowledge.meanings.find(axis);
  return found != context.knowledge.meanings.end() && !found->second.needed;
}

/// Notes the meaning of an axis of an input for the next pass.
void learn(Context& context, const InputAxis& axis, Role role, bool needed,
           const std::string& what) {
  const auto [found, is_new] = context.knowledge.meanings.try_emplace(axis);
  Knowledge::Meaning& meaning = found->second;
  if (!is_new && (meaning.needed || !needed || meaning.role == role)) {
    throw Refusal(formatted(
        "{} must count {}, but axis {} of input {}, from which it comes, counts {} elsewhere", what,
        name(role), axis.axis, quote(axis.input), name(meaning.role)));
  }
  meaning = {role, needed};
  throw Restart{};
}

}  // namespace

const Value& Call::input(std::size_t input) const {
  if (!has(input)) throw Malformed(formatted("input {} is missing", input));
  return *inputs[input];
}

bool Call::is_tensor(std::size_t input) const {
  return has(input) && std::holds_alternative<Tensor>(*inputs[input]);
}

Tensor Call::raw_tensor(std::size_t input) const {
  if (!is_tensor(input)) {
    throw Refusal(formatted("its input {} is not a tensor of the network", input));
  }
  Tensor tensor = std::get<Tensor>(this->input(input));
  tensor.layout = atoms().normal(tensor.layout);
  tensor.axes = atoms().normal(tensor.axes);
  return tensor;
}

Tensor Call::padded_tensor(std::size_t input) const {
  Tensor tensor = raw_tensor(input);
  if (tensor.truncated) {
    throw Refusal(
        formatted("its input {} is a Cast of values of the network to integers, which is supported "
                  "for sequence_lens only",
                  input));
  }
  const Flow& flow = context.network[tensor.flow];
  if (flow.kind == Flow::Kind::input && !is_float(flow.type)) {
    tensor.flow = context.network.cast_ids(where, tensor.flow);
  }
  return tensor;
}

Tensor Call::tensor(std::size_t input) const {
  Tensor tensor = padded_tensor(input);
  if (tensor.padding != StepPadding{}) {
    throw Refusal(
        formatted("its input {} has padded steps, which is supported before a Conv only", input));
  }
  return tensor;
}

const Array& Call::constant(std::size_t input, const char* what) const {
  const Value& value = this->input(input);
  if (const auto* constant = std::get_if<Constant>(&value)) return *constant->array;
  throw Refusal(formatted("its {} is not a constant", what));
}

std::optional<std::vector<std::int64_t>> axes_argument(const Call& call, const char* attribute,
                                                       std::size_t input, std::int64_t since) {
  if (call.operator_set() < since) return integers(call.node, attribute);
  if (!call.has(input)) return std::nullopt;
  return known_integers(*call.inputs[input], formatted("its input {}", input));
}

Shape known_shape(const Value& value) {
  if (const auto* constant = std::get_if<Constant>(&value)) return constant->array->shape;
  if (const auto* integers = std::get_if<Integers>(&value)) return integers->shape;
  throw Refusal("is not supported for this operand");
}

Value moved(Context& context, const Value& value, const Picking& picking) {
  if (const auto* integers = std::get_if<Integers>(&value)) {
    Integers result{picking.shape, {}};
    for (const std::size_t from : picking.source) {
      result.elements.push_back(integers->elements[from]);
    }
    return simplified(std::move(result));
  }
  const Array& array = *std::get<Constant>(value).array;
  context.budget.take(picking.source.size() * width(array.type));
  return constant_value(gathered(array, picking));
}

Value reshaped(const Value& value, Shape shape) {
  if (checked_count(shape) != checked_count(known_shape(value))) {
    throw Malformed(formatted("the shape {} cannot become {}", shape_text(known_shape(value)),
                              shape_text(shape)));
  }
  if (const auto* integers = std::get_if<Integers>(&value)) {
    return Integers{std::move(shape), integers->elements};
  }
  Array array = *std::get<Constant>(value).array;
  array.shape = std::move(shape);
  return constant_value(std::move(array));
}

Value constant_value(Array array) { return Constant{std::make_shared<Array>(std::move(array))}; }

Axis new_axis(Context& context, std::optional<std::int64_t> size, Role role,
              std::optional<InputAxis> origin) {
  if (size == 1) return {};
  return {context.atoms.add({size, role, {}, std::move(origin)})};
}

std::string shape_wanted(const std::optional<InputAxis>& origin) {
  return formatted("give the shape of {} when the file is loaded ({})",
                   origin ? "input " + quote(origin->input) : std::string("the input"),
                   kShapeOption);
}

std::optional<InputAxis> origin_of(const Context& context, const Axis& axis) {
  if (axis.size() != 1) return std::nullopt;
  return context.atoms[axis.front()].origin;
}

void fix_role(Context& context, const Axis& axis, Role role, const std::string& what, bool needed) {
  const Axis normal = context.atoms.normal(axis);
  if (normal.empty()) return;
  if (normal.size() > 1) {
    throw Refusal(formatted("{} is several axes reshaped into one: {}", what,
                            context.atoms.describe(normal)));
  }
  const Atom& atom = context.atoms[normal.front()];
  if (atom.role == role) return;
  if (!atom.size && role == Role::features) {
    throw Refusal(formatted("{} must be of known size, but is not; {}", what, how_to_fix(atom)));
  }
  if (atom.role == Role::none) {
    context.atoms.set_role(normal.front(), role);
    return;
  }
  if (!atom.origin || (atom.role != Role::features && !is_guess(context, *atom.origin))) {
    refuse_role(context, normal, role, what);
  }
  learn(context, *atom.origin, role, needed, what);
}

void require_size(Context& context, const Axis& axis, std::int64_t size, const std::string& what) {
  const Axis normal = context.atoms.normal(axis);
  const std::optional<Dim> found = context.atoms.size_of(normal);
  if (found == Dim{size, {}}) return;
  const std::optional<InputAxis> origin = origin_of(context, normal);
  const bool open = origin && !context.atoms[normal.front()].size;
  if (!open) {
    throw Refusal(
        formatted("{} {} must have {} elements", what, context.atoms.describe(normal), size));
  }
  if (!context.knowledge.sizes.emplace(*origin, size).second) {
    throw Refusal(
        formatted("{} must have {} elements, but axis {} of input {} has others elsewhere", what,
                  size, origin->axis, quote(origin->input)));
  }
  throw Restart{};
}

void unite(Context& context, const Axis& a, const Axis& b, const std::string& what) {
  Atoms& atoms = context.atoms;
  const Axis left = atoms.normal(a);
  const Axis right = atoms.normal(b);
  if (left == right) return;
  if (left.size() != right.size()) {
    const bool one = (left.empty() && right.size() == 1) || (right.empty() && left.size() == 1);
    const AtomId open = one ? (left.empty() ? right : left).front() : 0;
    if (!one || atoms[open].size) {
      throw Refusal(
          formatted("{} differ: {} and {}", what, atoms.describe(left), atoms.describe(right)));
    }
    atoms.set_size(open, 1);
    return;
  }
  for (std::size_t k = 0; k < left.size(); ++k) {
    const Atom x = atoms[left[k]];
    const Atom y = atoms[right[k]];
    if (x.size && y.size && x.size != y.size) {
      throw Refusal(
          formatted("{} differ: {} and {}", what, atoms.describe(left), atoms.describe(right)));
    }
    const bool fixed = x.role == Role::features || y.role == Role::features;
    if (fixed && !y.size) require_size(context, {right[k]}, *x.size, what);
    if (fixed && !x.size) require_size(context, {left[k]}, *y.size, what);
    // What is taken for features because nothing has said otherwise gives way.
    const auto is_fixed = [](const Atom& atom) {
      return atom.role == Role::steps || atom.role == Role::batch;
    };
    if (is_fixed(y)) fix_role(context, {left[k]}, y.role, what);
    if (x.role != Role::none && !is_fixed(y)) fix_role(context, {right[k]}, x.role, what);
    if (y.role == Role::features) fix_role(context, {left[k]}, y.role, what);
    if (x.role != Role::features) atoms.unite(left[k], right[k]);
  }
}

std::optional<std::vector<Tensor>> all_tensors(const Call& call) {
  std::vector<Tensor> tensors;
  for (std::size_t k = 0; k < call.inputs.size(); ++k) {
    if (!call.is_tensor(k)) return std::nullopt;
    tensors.push_back(call.tensor(k));
  }
  return tensors;
}

}  // namespace carousel::loading::onnx
