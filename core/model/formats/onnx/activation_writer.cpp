// SPDX-License-Identifier: Apache-2.0
// Activation functions as operators, or as compositions of such.
#include <algorithm>

#include "frame_writer.hpp"
#include "functions.hpp"

#include "core/model/activation_parameters.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// Functions that operator set 13 has no operator for, but operators to make them of.
bool is_composed(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::gelu:
    case ActivationKind::gelu_tanh:
    case ActivationKind::silu:
    case ActivationKind::hard_swish:
    case ActivationKind::mish: return true;
    default: return false;
  }
}

bool is_operator(ActivationKind kind) {
  const auto known = std::ranges::find(known_functions(), kind, &KnownFunction::kind);
  return known == known_functions().end() || known->is_operator;
}

}  // namespace

std::string reason_against(const ActivationSpec& spec) {
  if (is_operator(spec.function.kind) || is_composed(spec.function.kind)) return "";
  return formatted("ONNX has {} in recurrent layers only, as no operator of its own",
                   name(spec.function.kind));
}

void FrameWriter::write(const ActivationSpec& spec, const Weights&, const Place& place) {
  const Activation& function = spec.function;
  const std::string op(name(function.kind));
  if (is_composed(function.kind)) {
    write_composed(function, place);
  } else if (function.kind == ActivationKind::clip) {
    node(place, "Clip",
         {place.inputs.front(), number(place, "min", function.alpha),
          number(place, "max", function.beta)},
         place.output);
  } else if (is_elementwise(function.kind)) {
    AttributeWriter attributes = graph_.node(op.c_str(), place.inputs, {place.output});
    const ActivationParameters has = parameters(function.kind);
    if (has.alpha) attributes.real("alpha", function.alpha);
    if (has.beta) attributes.real("beta", function.beta);
  } else {
    const bool groups = spec.group_size() != spec.size;
    const std::string x = grouped(place, place.inputs.front(), spec.size, spec.group_size());
    const std::string y = groups ? between(place, "shares") : place.output;
    graph_.node(op.c_str(), {x}, {y}).integer("axis", -1);
    if (groups) ungrouped(place, y, spec.size);
  }
}

void FrameWriter::write_composed(const Activation& function, const Place& place) {
  const std::string& x = place.inputs.front();
  const auto scaled = [&](const std::string& value, const char* what, float by) {
    return node(place, "Mul", {value, number(place, what, by)});
  };
  // x / 2 * (1 + inner)
  const auto half_of = [&](const std::string& inner) {
    const std::string sum = node(place, "Add", {inner, number(place, "one", 1.0F)});
    node(place, "Mul", {scaled(x, "half", 0.5F), sum}, place.output);
  };
  switch (function.kind) {
    case ActivationKind::gelu:
      return half_of(node(place, "Erf", {scaled(x, "root_half", 0.707106781F)}));
    case ActivationKind::gelu_tanh: {
      const std::string cube = node(place, "Mul", {node(place, "Mul", {x, x}), x});
      const std::string sum = node(place, "Add", {x, scaled(cube, "factor", 0.044715F)});
      return half_of(node(place, "Tanh", {scaled(sum, "root_two_over_pi", 0.797884561F)}));
    }
    case ActivationKind::silu:
      node(place, "Mul", {x, node(place, "Sigmoid", {x})}, place.output);
      return;
    case ActivationKind::hard_swish: {
      const std::string gate = between(place, "gate");
      graph_.node("HardSigmoid", {x}, {gate}).real("alpha", 1.0F / 6.0F).real("beta", 0.5F);
      node(place, "Mul", {x, gate}, place.output);
      return;
    }
    default:
      node(place, "Mul", {x, node(place, "Tanh", {node(place, "Softplus", {x})})}, place.output);
  }
}

}  // namespace carousel::loading::onnx
