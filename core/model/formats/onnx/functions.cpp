// SPDX-License-Identifier: Apache-2.0
#include "functions.hpp"

#include "attributes.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/model/activation_parameters.hpp"

namespace carousel::loading::onnx {
namespace {

using Kind = ActivationKind;

constexpr std::array<KnownFunction, 13> kFunctions{{
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
}};

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
    return function;
  }
  throw Refusal("is not an activation function");
}

}  // namespace carousel::loading::onnx
