// SPDX-License-Identifier: Apache-2.0
#include "functions.hpp"

#include "attributes.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/model/activation_parameters.hpp"
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

using Kind = ActivationKind;

constexpr std::array<KnownFunction, 30> kFunctions{{
    {Kind::relu},
    {Kind::tanh},
    {Kind::sigmoid},
    {Kind::affine, false},
    {Kind::leaky_relu, true, 0.01F},
    {Kind::thresholded_relu, true, 1.0F},
    {Kind::scaled_tanh, false},
    {Kind::hard_sigmoid, true, 0.2F, 0.5F},
    {Kind::elu, true, 1.0F},
    {Kind::softsign},
    {Kind::softplus},
    {Kind::softmax},
    {Kind::log_softmax},
    {Kind::abs},
    {Kind::negative},
    {Kind::sqrt},
    {Kind::exp},
    {Kind::log},
    {Kind::reciprocal},
    {Kind::erf},
    {Kind::sign},
    {Kind::clip, false},
    {Kind::gelu},
    {Kind::gelu_tanh, false},
    {Kind::silu, false},
    {Kind::hard_swish},
    {Kind::selu},
    {Kind::mish},
    {Kind::floor},
    {Kind::ceil},
}};

/// Those of which only some values of the attributes are a function here.
Activation read_special(const schema::NodeProto& node) {
  if (node.op_type() == "Round") return {Kind::round};
  if (node.op_type() == "Celu") {
    if (real(node, "alpha", 1.0F) == 1.0F) return {Kind::elu, 1.0F};
    throw Refusal("is supported with alpha = 1 only");
  }
  throw Refusal("is not an activation function");
}

/// Selu's attributes are those of everybody, Gelu's tells which of two functions it is.
Activation checked(const schema::NodeProto& node, Activation function) {
  constexpr float selu_alpha = 1.67326319217681884765625F;
  constexpr float selu_gamma = 1.05070102214813232421875F;
  if (function.kind == Kind::selu && (real(node, "alpha", selu_alpha) != selu_alpha ||
                                      real(node, "gamma", selu_gamma) != selu_gamma)) {
    throw Refusal("is supported with the usual alpha and gamma only");
  }
  if (function.kind == Kind::gelu) {
    const std::string approximate = text(node, "approximate", "none");
    if (approximate == "tanh") return {Kind::gelu_tanh};
    if (approximate != "none") {
      throw Malformed(formatted("attribute 'approximate' is {}; it must be 'none' or 'tanh'",
                                quote(approximate)));
    }
  }
  return function;
}

}  // namespace

std::span<const KnownFunction> known_functions() noexcept { return kFunctions; }

const KnownFunction& known_function(ActivationKind kind) {
  return *std::ranges::find(kFunctions, kind, &KnownFunction::kind);
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

Activation read_function(const schema::NodeProto& node) {
  for (const KnownFunction& known : kFunctions) {
    if (!known.is_operator || name(known.kind) != node.op_type()) continue;
    Activation function{known.kind};
    const ActivationParameters has = parameters(known.kind);
    if (has.alpha) function.alpha = real(node, "alpha", known.alpha.value_or(0.0F));
    if (has.beta) function.beta = real(node, "beta", known.beta.value_or(0.0F));
    return checked(node, function);
  }
  return read_special(node);
}

}  // namespace carousel::loading::onnx
