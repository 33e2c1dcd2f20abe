// SPDX-License-Identifier: Apache-2.0
#include "tensor_reader.hpp"

#include "half.hpp"
#include "text.hpp"

#include <cstring>

namespace carousel::loading {

using safetensors::DType;
using safetensors::Tensor;

namespace {

constexpr std::size_t kMaxProblemsShown = 8;

/// Reads elements with memcpy: nothing in a file is aligned.
template <class Stored, class Convert>
std::vector<float> convert(std::span<const std::byte> data, Convert to_float) {
  std::vector<float> values(data.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, data.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = to_float(stored);
  }
  return values;
}

bool is_float(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f64;
}

std::vector<float> to_floats(const Tensor& tensor) {
  switch (tensor.dtype) {
    case DType::f16: return convert<std::uint16_t>(tensor.data, float_from_half);
    case DType::bf16: return convert<std::uint16_t>(tensor.data, float_from_bfloat16);
    case DType::f64:
      return convert<double>(tensor.data, [](double value) { return static_cast<float>(value); });
    default: return convert<float>(tensor.data, [](float value) { return value; });
  }
}

}  // namespace

TensorReader::TensorReader(const safetensors::Table& table, std::string_view source)
    : tensors_(table.tensors), source_(source) {
  for (const Tensor& tensor : tensors_) {
    by_name_.emplace(tensor.name, &tensor);
  }
}

const Tensor* TensorReader::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<float> TensorReader::take(const std::string& name,
                                      const std::vector<std::int64_t>& shape) {
  const Tensor* tensor = find(name);
  if (tensor == nullptr) {
    problem("tensor " + quote(name) + " is missing; expected shape " + shape_text(shape));
    return {};
  }
  taken_.insert(tensor->name);
  if (tensor->shape != shape) {
    problem("tensor " + quote(name) + " has shape " + shape_text(tensor->shape) + "; expected " +
            shape_text(shape));
    return {};
  }
  if (!is_float(tensor->dtype)) {
    problem("tensor " + quote(name) + " has dtype " +
            std::string(safetensors::name(tensor->dtype)) +
            "; weights must be F32, F16, BF16 or F64");
    return {};
  }
  return to_floats(*tensor);
}

void TensorReader::refuse_extra(const std::function<std::string(const Tensor&)>& hint) {
  for (const Tensor& tensor : tensors_) {
    if (!taken_.contains(tensor.name)) {
      problem("unexpected tensor " + quote(tensor.name) + ", " +
              std::string(safetensors::name(tensor.dtype)) + " " + shape_text(tensor.shape) +
              hint(tensor));
    }
  }
}

void TensorReader::problem(const std::string& text) {
  ++problem_count_;
  if (problems_.size() < kMaxProblemsShown) {
    problems_.push_back(text);
  }
}

void TensorReader::check() const {
  if (problem_count_ == 0) {
    return;
  }
  if (problem_count_ == 1) {
    fail(source_, problems_.front());
  }
  std::string text = std::to_string(problem_count_) + " problems:";
  for (const std::string& problem : problems_) {
    text += "\n  " + problem;
  }
  if (problem_count_ > problems_.size()) {
    text += "\n  and " + std::to_string(problem_count_ - problems_.size()) + " more";
  }
  fail(source_, text);
}

}  // namespace carousel::loading
