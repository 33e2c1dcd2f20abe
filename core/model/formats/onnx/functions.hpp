// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parse.hpp"

#include <carousel/activation.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// \file
/// Activation functions by the names that ONNX gives them, as attributes of recurrent operators and
/// as operators of their own.
namespace carousel::loading::onnx {

/// A function and the defaults of its parameters, which are those of the operators of the same
/// names. Affine and ScaledTanh are operators no more, so they have none.
struct KnownFunction {
  ActivationKind kind;
  bool is_operator = true;  ///< Whether there is an operator of that name.
  std::optional<float> alpha = std::nullopt;
  std::optional<float> beta = std::nullopt;
};

/// All of them.
[[nodiscard]] std::span<const KnownFunction> known_functions() noexcept;
/// That of a kind.
[[nodiscard]] const KnownFunction& known_function(ActivationKind kind);

/// Names are compared without regard to case, as ONNX Runtime does: exporters disagree.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

/// The function of a node whose operator is one. Throws Refusal for others, and for attributes that
/// break the rules.
[[nodiscard]] Activation read_function(const schema::NodeProto& node);

}  // namespace carousel::loading::onnx
