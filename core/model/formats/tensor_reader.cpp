// SPDX-License-Identifier: Apache-2.0
#include "tensor_reader.hpp"

#include "core/model/formatted.hpp"
#include "core/model/narrow.hpp"

#include "text.hpp"

#include <array>
#include <optional>

namespace carousel::loading {

using safetensors::StoredTensor;

namespace {

constexpr std::size_t kMaxProblemsShown = 8;
constexpr std::array kWeightTypes{DType::float32, DType::float16, DType::bfloat16, DType::float64};

}  // namespace

std::optional<DType> weight_type(safetensors::DType dtype) {
  for (const DType candidate : kWeightTypes) {
    if (name(candidate) == safetensors::name(dtype)) return candidate;
  }
  return std::nullopt;
}

std::string wrong_type_text(const StoredTensor& tensor) {
  return formatted("tensor {} has dtype {}; weights must be F32, F16, BF16 or F64",
                   quoted_name(tensor), safetensors::name(tensor.dtype));
}

std::string quoted_name(const StoredTensor& tensor) {
  const std::string& file_name = tensor.file_name;
  return quote(tensor.name) +
         (file_name.empty() ? "" : formatted(" (in the file {})", quote(file_name)));
}

std::optional<std::string> value_fault(const StoredTensor& tensor) {
  if (weight_type(tensor.dtype) != DType::float64) return std::nullopt;
  const std::optional<std::string> fault = beyond_float32(tensor.data);
  if (!fault) return std::nullopt;
  return formatted("tensor {}: {}", quoted_name(tensor), *fault);
}

TensorReader::TensorReader(const safetensors::Table& table, std::string_view source)
    : tensors_(table.tensors), source_(source) {
  for (const StoredTensor& tensor : tensors_) {
    by_name_.emplace(tensor.name, &tensor);
  }
}

const StoredTensor* TensorReader::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

Tensor TensorReader::take(const std::string& name, const std::vector<std::int64_t>& shape) {
  const StoredTensor* tensor = find(name);
  if (tensor == nullptr) {
    problem(formatted("tensor {} is missing; expected shape {}", quote(name), shape_text(shape)));
    return {};
  }
  taken_.insert(tensor->name);
  if (tensor->shape != shape) {
    problem(formatted("tensor {} has shape {}; expected {}", quoted_name(*tensor),
                      shape_text(tensor->shape), shape_text(shape)));
    return {};
  }
  const std::optional<DType> dtype = weight_type(tensor->dtype);
  if (!dtype) {
    problem(wrong_type_text(*tensor), ErrorCode::unsupported);
    return {};
  }
  if (const auto fault = value_fault(*tensor)) problem(*fault, ErrorCode::unsupported);
  return {*dtype, shape, {tensor->data.begin(), tensor->data.end()}};
}

void TensorReader::refuse_extra(const std::function<std::string(const StoredTensor&)>& hint) {
  for (const StoredTensor& tensor : tensors_) {
    if (taken_.contains(tensor.name)) continue;
    has_extra_ = true;
    problem(formatted("unexpected tensor {}, {} {}{}", quoted_name(tensor),
                      safetensors::name(tensor.dtype), shape_text(tensor.shape), hint(tensor)));
  }
}

void TensorReader::problem(const std::string& text, ErrorCode code) {
  ++problem_count_;
  if (problems_.size() < kMaxProblemsShown) problems_.push_back(text);
  if (code != ErrorCode::unsupported) code_ = code;
}

void TensorReader::check() const {
  if (problem_count_ == 0) return;
  const std::string hint =
      has_extra_ ? "; ignore_extra (--ignore-extra) leaves out tensors that belong to nothing else"
                 : "";
  if (problem_count_ == 1) fail(source_, problems_.front() + hint, code_);
  std::string text = formatted("{} problems:", problem_count_);
  for (const std::string& problem : problems_) text += "\n  " + problem;
  if (problem_count_ > problems_.size()) {
    text += formatted("\n  and {} more", problem_count_ - problems_.size());
  }
  fail(source_, text + hint, code_);
}

}  // namespace carousel::loading
