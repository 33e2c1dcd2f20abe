// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "safetensors.hpp"

#include <carousel/error.hpp>
#include <carousel/tensor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::loading {

/// What weights may be stored as; nothing for the other types of the file format.
[[nodiscard]] std::optional<DType> weight_type(safetensors::DType dtype);

/// What is wrong with the values of a weight, nothing if nothing is: float64 numbers that would
/// become infinite as float32.
[[nodiscard]] std::optional<std::string> value_fault(const safetensors::StoredTensor& tensor);
/// "tensor 'a' has dtype I32; weights must be ..."
[[nodiscard]] std::string wrong_type_text(const safetensors::StoredTensor& tensor);

/// The name of a tensor in quotes, with that in the file where it is another.
[[nodiscard]] std::string quoted_name(const safetensors::StoredTensor& tensor);

/// Takes tensors of known name and shape out of a table. What is wrong with single tensors is
/// collected, so that one error can tell a user everything that is wrong with a file.
class TensorReader {
 public:
  TensorReader(const safetensors::Table& table, std::string_view source);

  [[nodiscard]] std::string_view source() const { return source_; }
  [[nodiscard]] const std::vector<safetensors::StoredTensor>& tensors() const { return tensors_; }
  /// Null when there is no such tensor.
  [[nodiscard]] const safetensors::StoredTensor* find(std::string_view name) const;

  /// A copy of a tensor as the file has it. If it is missing or has another shape or a dtype that
  /// is no floating-point number of 16 bits or more, that is added to the problems and the result
  /// is empty.
  Tensor take(const std::string& name, const std::vector<std::int64_t>& shape);

  /// Adds each tensor that nobody has taken to the problems; `hint` may say more about it.
  void refuse_extra(const std::function<std::string(const safetensors::StoredTensor&)>& hint);

  /// Throws Error with all problems if there are any: `unsupported` when all of them are dtypes
  /// that weights cannot have here, else `bad_format`.
  void check() const;

 private:
  void problem(const std::string& text, ErrorCode code = ErrorCode::bad_format);

  const std::vector<safetensors::StoredTensor>& tensors_;
  std::string_view source_;
  std::map<std::string_view, const safetensors::StoredTensor*> by_name_;
  std::set<std::string_view> taken_;
  std::vector<std::string> problems_;  ///< The first few.
  std::size_t problem_count_ = 0;
  bool has_extra_ = false;  ///< One of the problems is a tensor that nobody expects.
  ErrorCode code_ = ErrorCode::unsupported;
};

}  // namespace carousel::loading
