// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace carousel::loading::onnx {

/// An operator, with the attributes, inputs and outputs that it may have: others could change what
/// it computes, so nodes that have them are refused.
struct KnownOperator {
  std::string_view name;
  Operator run;
  /// Separated by spaces. "axes<13": until operator set 13, when it became an input. "spatial=1":
  /// with that value only, which changes nothing; "type=0|1": with one of these.
  std::string_view attributes{};
  /// How many inputs and outputs it has at most. "1<13 2": one until operator set 13, then two;
  /// "*": any number.
  std::string_view inputs = "1";
  std::string_view outputs = "1";
};

/// Null when the operator is not supported.
[[nodiscard]] const KnownOperator* find_operator(const schema::NodeProto& node);
/// All of the standard's that are supported.
[[nodiscard]] std::span<const KnownOperator> known_operators() noexcept;
/// "Add, Cast, Concat, ..."
[[nodiscard]] std::string supported_operators();
/// Throws Refusal naming an attribute of the node that its operator does not have.
void check_attributes(const schema::NodeProto& node, const KnownOperator& known,
                      std::int64_t operator_set);
/// Throws Refusal for a node with more inputs or outputs than its operator has.
void check_counts(const schema::NodeProto& node, const KnownOperator& known,
                  std::int64_t operator_set);

}  // namespace carousel::loading::onnx
