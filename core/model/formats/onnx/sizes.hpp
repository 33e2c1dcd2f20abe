// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

/// \file
/// The arithmetic of sizes with which exporters compute shapes while the graph runs, and that of
/// constants.
namespace carousel::loading::onnx {

/// Add, Sub, Mul, Div, Equal, Less, And, ... of small integer tensors whose elements may be sizes
/// that are not known; nothing when an operand is something else.
[[nodiscard]] std::optional<Value> size_arithmetic(const Call& call, const Value& a,
                                                   const Value& b);
/// Where, in the same way.
[[nodiscard]] std::optional<Value> size_choice(const Call& call);

/// The operator applied to constants, in double precision. Throws Refusal for other operators.
[[nodiscard]] Array fold_binary(const std::string& name, const Array& a, const Array& b);
[[nodiscard]] Array fold_unary(const std::string& name, const Array& a);
/// "ReduceMean" and its like along those axes.
[[nodiscard]] Array fold_reduction(const std::string& name, const Array& array,
                                   const std::vector<bool>& reduced, bool keep);
/// The product of two matrices, whose time and memory it takes from the budget.
[[nodiscard]] Array fold_product(const Array& a, const Array& b, Budget& budget);

/// The shape of two operands, broadcast. Throws Malformed.
[[nodiscard]] Shape broadcast(const Shape& a, const Shape& b);
/// A constant, repeated or not, as one that is repeated.
[[nodiscard]] std::optional<Repeated> as_repeated(const Value& value);
/// fold_binary of constants that may be repeated; nothing when an operand is something else.
[[nodiscard]] std::optional<Value> constant_arithmetic(const std::string& name, const Value& a,
                                                       const Value& b);

}  // namespace carousel::loading::onnx
