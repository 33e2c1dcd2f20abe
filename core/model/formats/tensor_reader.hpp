// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "safetensors.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::loading {

/// Takes tensors of known name and shape out of a table. What is wrong with single tensors is
/// collected, so that one error can tell a user everything that is wrong with a file.
class TensorReader {
 public:
  TensorReader(const safetensors::Table& table, std::string_view source);

  [[nodiscard]] std::string_view source() const { return source_; }
  [[nodiscard]] const std::vector<safetensors::Tensor>& tensors() const { return tensors_; }
  /// Null when there is no such tensor.
  [[nodiscard]] const safetensors::Tensor* find(std::string_view name) const;

  /// The values of a tensor as float32, row-major. If it is missing or has another shape or a dtype
  /// that is no floating-point number, that is added to the problems and the result is empty.
  std::vector<float> take(const std::string& name, const std::vector<std::int64_t>& shape);

  /// Adds each tensor that nobody has taken to the problems; `hint` may say more about it.
  void refuse_extra(const std::function<std::string(const safetensors::Tensor&)>& hint);

  /// Throws Error with all problems if there are any.
  void check() const;

 private:
  void problem(const std::string& text);

  const std::vector<safetensors::Tensor>& tensors_;
  std::string_view source_;
  std::map<std::string_view, const safetensors::Tensor*> by_name_;
  std::set<std::string_view> taken_;
  std::vector<std::string> problems_;  ///< the first few
  std::size_t problem_count_ = 0;
};

}  // namespace carousel::loading
