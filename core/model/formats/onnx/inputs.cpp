// SPDX-License-Identifier: Apache-2.0
#include "inputs.hpp"

#include "frames.hpp"
#include "tensors.hpp"

#include <algorithm>
#include <cmath>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "core/model/narrow.hpp"

namespace carousel::loading::onnx {
namespace {

/// Axes of an input whose shape the file does not declare: it is a sequence or a state.
constexpr std::size_t kSequenceRank = 3;

/// One axis of a shape as the file or the caller tells it.
struct DeclaredAxis {
  std::optional<std::int64_t> size;
  std::string name{};
};

const schema::TensorShapeProto* declared_shape(const Graph& graph, const std::string& name) {
  const schema::TypeProto* type = graph.type(name);
  const bool has = type != nullptr && type->has_tensor_type() && type->tensor_type().has_shape();
  return has ? &type->tensor_type().shape() : nullptr;
}

std::vector<DeclaredAxis> read_shape(const schema::TensorShapeProto& shape) {
  std::vector<DeclaredAxis> axes;
  for (const schema::TensorShapeProto::Dimension& dimension : shape.dim()) {
    const bool fixed = dimension.has_dim_value() && dimension.dim_value() > 0;
    axes.push_back(
        {fixed ? std::optional(dimension.dim_value()) : std::nullopt, dimension.dim_param()});
  }
  return axes;
}

/// "['batch', 30, any]"
std::string declared_text(const std::vector<DeclaredAxis>& axes) {
  std::string text;
  for (const DeclaredAxis& axis : axes) {
    const std::string open = axis.name.empty() ? "any" : quote(axis.name);
    text += (text.empty() ? "" : ", ") + (axis.size ? std::to_string(*axis.size) : open);
  }
  return formatted("[{}]", text);
}

/// Sizes that the caller gives win over those that the file leaves open.
void apply_given_shape(const Graph& graph, const std::string& name,
                       const std::vector<std::int64_t>& given, std::vector<DeclaredAxis>& axes,
                       bool declared) {
  if (!declared) axes.assign(given.size(), {});
  const std::vector<DeclaredAxis> in_file = axes;
  bool fits = given.size() == axes.size();
  for (std::size_t k = 0; fits && k < given.size(); ++k) {
    if (given[k] < 0) continue;
    fits = given[k] > 0 && (!axes[k].size || axes[k].size == given[k]);
    axes[k].size = given[k];
  }
  if (fits) return;
  fail(graph.source(),
       formatted("the file declares input {} as {}; the shape {} that is given for it does not fit",
                 quote(name), declared_text(in_file), shape_text(given)),
       ErrorCode::invalid_argument);
}

/// The size that the caller gives for another axis of the same name.
std::optional<std::int64_t> size_by_name(const Graph& graph, const LoadOptions& options,
                                         const std::string& name) {
  if (name.empty()) return std::nullopt;
  for (const auto& [input, shape] : options.input_shapes) {
    const schema::TensorShapeProto* declared = declared_shape(graph, input);
    for (int k = 0; declared != nullptr && k < declared->dim_size(); ++k) {
      const auto position = static_cast<std::size_t>(k);
      const bool same = declared->dim(k).dim_param() == name && position < shape.size();
      if (same && shape[position] > 0) return shape[position];
    }
  }
  return std::nullopt;
}

std::vector<DeclaredAxis> declared(const Context& context, const Graph& graph,
                                   const std::string& name) {
  std::vector<DeclaredAxis> axes(kSequenceRank);
  const schema::TensorShapeProto* shape = declared_shape(graph, name);
  if (shape != nullptr) axes = read_shape(*shape);
  const auto given = context.options.input_shapes.find(name);
  if (given != context.options.input_shapes.end()) {
    apply_given_shape(graph, name, given->second, axes, shape != nullptr);
  }
  for (DeclaredAxis& axis : axes) {
    if (!axis.size) axis.size = size_by_name(graph, context.options, axis.name);
  }
  return axes;
}

/// An atom for an axis of an input, or the one that has its name.
Axis input_axis(Context& context, const InputAxis& position, const DeclaredAxis& declared,
                const std::vector<Axis>& before) {
  std::optional<std::int64_t> size = declared.size;
  const auto learned_size = context.knowledge.sizes.find(position);
  if (!size && learned_size != context.knowledge.sizes.end()) size = learned_size->second;
  if (size == 1) return {};
  const auto learned = context.knowledge.meanings.find(position);
  Role role = size ? Role::features : Role::none;
  if (learned != context.knowledge.meanings.end()) role = learned->second.role;
  const bool shares = !declared.name.empty() && !size;
  if (shares) {
    const auto known = context.named_atoms.find(declared.name);
    const bool usable = known != context.named_atoms.end() &&
                        std::ranges::find(before, Axis{known->second}) == before.end();
    if (usable) return {known->second};
  }
  const AtomId made = context.atoms.add({size, role, declared.name, position});
  if (shares) context.named_atoms.emplace(declared.name, made);
  return {made};
}

ElementType declared_type(const Graph& graph, const std::string& name) {
  const schema::TypeProto* type = graph.type(name);
  const bool has =
      type != nullptr && type->has_tensor_type() && type->tensor_type().elem_type() != 0;
  if (type != nullptr && !type->has_tensor_type() && type->value_case() != 0) {
    throw Refusal(formatted("input {} is no tensor", quote(name)));
  }
  return has ? element_type(type->tensor_type().elem_type()) : ElementType::f32;
}

Tensor make_input(Context& context, const std::string& name, const std::vector<Axis>& axes,
                  ElementType type) {
  Tensor tensor{.axes = axes, .type = type, .whole = !is_float(type)};
  tensor.layout = features_of(context.atoms, axes);
  tensor.flow =
      context.network.add_input(name, axes, type, frame_size(context.atoms, tensor.layout));
  return tensor;
}

/// Every element of the input has that value.
Value given_value(const Graph& graph, const std::string& name, double number, ElementType type,
                  const std::vector<DeclaredAxis>& axes, bool has_shape) {
  if (!is_float(type) && std::floor(number) != number) {
    fail(graph.source(),
         formatted("input {} is of integers; it cannot be fixed to {}", quote(name), number),
         ErrorCode::invalid_argument);
  }
  if (is_float(type) && is_beyond_float32(number)) {
    fail(graph.source(),
         formatted("input {} cannot be fixed to {}", quote(name), beyond_float32_text(number)),
         ErrorCode::invalid_argument);
  }
  Repeated value{nullptr, {}};
  Shape ones;
  for (const DeclaredAxis& axis : axes) {
    if (!has_shape) break;
    ones.push_back(1);
    value.sizes.push_back(axis.size ? std::optional(Dim{*axis.size, {}}) : std::nullopt);
  }
  value.array = std::make_shared<Array>(from_doubles(type, ones, {number}));
  return simplified(std::move(value));
}

}  // namespace

std::optional<std::vector<Axis>> declared_axes(Context& context, const Graph& graph,
                                               const std::string& name) {
  const schema::TensorShapeProto* shape = declared_shape(graph, name);
  if (shape == nullptr) return std::nullopt;
  std::vector<Axis> axes;
  std::size_t k = 0;
  for (const DeclaredAxis& axis : read_shape(*shape)) {
    axes.push_back(input_axis(context, {name, k++}, axis, axes));
  }
  return axes;
}

Value input_value(Context& context, const Graph& graph, const std::string& name) {
  try {
    const ElementType type = declared_type(graph, name);
    const std::vector<DeclaredAxis> shape = declared(context, graph, name);
    const auto given = context.options.input_values.find(name);
    if (given != context.options.input_values.end()) {
      return given_value(graph, name, given->second, type, shape,
                         declared_shape(graph, name) != nullptr);
    }
    std::vector<Axis> axes;
    for (std::size_t k = 0; k < shape.size(); ++k) {
      axes.push_back(input_axis(context, {name, k}, shape[k], axes));
    }
    return make_input(context, name, axes, type);
  } catch (const Refusal& refusal) {
    return Unsupported{"input " + quote(name), refusal.what(), refusal.code()};
  }
}

Value entering_value(Context& context, const Graph& graph, const std::string& name,
                     const Value& outside) {
  const auto* tensor = std::get_if<Tensor>(&outside);
  if (tensor == nullptr || context.options.input_shapes.contains(name)) {
    return input_value(context, graph, name);
  }
  std::vector<Axis> axes;
  for (std::size_t k = 0; k < tensor->axes.size(); ++k) {
    const Axis normal = context.atoms.normal(tensor->axes[k]);
    const bool keeps = normal.size() == 1 && !context.atoms.all(normal, Role::features);
    const DeclaredAxis as_declared{context.atoms.known_size(normal)};
    axes.push_back(keeps ? normal : input_axis(context, {name, k}, as_declared, axes));
  }
  return make_input(context, name, axes, tensor->type);
}

void check_options(const Graph& graph, const LoadOptions& options) {
  const auto check = [&](const std::string& name, const char* what) {
    if (graph.is_input(name) || graph.producer(name)) return;
    std::string inputs;
    for (const schema::ValueInfoProto& input : graph.proto().input()) {
      if (!graph.is_input(input.name())) continue;
      inputs += (inputs.empty() ? "" : ", ") + quote(input.name());
    }
    fail(graph.source(),
         formatted("{} is given for the input {}, but there is none; the inputs are {}", what,
                   quote(name), inputs),
         ErrorCode::invalid_argument);
  };
  for (const auto& [name, shape] : options.input_shapes) check(name, "a shape");
  for (const auto& [name, value] : options.input_values) check(name, "a value");
}

}  // namespace carousel::loading::onnx
