// SPDX-License-Identifier: Apache-2.0
#include <carousel/error.hpp>
#include <carousel/tensor.hpp>

#include "core/model/element_count.hpp"
#include "core/model/formatted.hpp"
#include "core/model/half.hpp"

#include <cstring>
#include <utility>

namespace carousel {
namespace {

template <class Stored, class Convert>
std::vector<float> convert(std::span<const std::byte> bytes, Convert to_float) {
  std::vector<float> values(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = to_float(stored);
  }
  return values;
}

void require_bytes(DType dtype, std::span<const std::int64_t> shape, std::size_t bytes) {
  const std::optional<std::int64_t> count = element_count(shape);
  const bool fits = count && static_cast<std::uint64_t>(*count) <= bytes &&
                    static_cast<std::size_t>(*count) * element_size(dtype) == bytes;
  if (fits) return;
  throw Error(ErrorCode::invalid_argument, formatted("tensor: {} bytes do not fit shape {} of {}",
                                                     bytes, shape_text(shape), name(dtype)));
}

std::vector<std::byte> bytes_of(std::span<const float> values) {
  const std::span<const std::byte> bytes = std::as_bytes(values);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string_view name(DType dtype) noexcept {
  switch (dtype) {
    case DType::float32: return "F32";
    case DType::float64: return "F64";
    case DType::float16: return "F16";
    case DType::bfloat16: return "BF16";
  }
  return "?";
}

std::size_t element_size(DType dtype) noexcept {
  switch (dtype) {
    case DType::float32: return 4;
    case DType::float64: return 8;
    case DType::float16:
    case DType::bfloat16: return 2;
  }
  return 1;
}

Tensor::Tensor(DType dtype, std::vector<std::int64_t> shape, std::vector<std::byte> bytes)
    : dtype_(dtype), shape_(std::move(shape)), bytes_(std::move(bytes)) {
  require_bytes(dtype_, shape_, bytes_.size());
}

Tensor::Tensor(std::vector<std::int64_t> shape, std::span<const float> values)
    : Tensor(DType::float32, std::move(shape), bytes_of(values)) {}

std::int64_t Tensor::count() const noexcept {
  return static_cast<std::int64_t>(bytes_.size() / element_size(dtype_));
}

std::span<const float> Tensor::floats() const {
  if (dtype_ != DType::float32) {
    throw Error(ErrorCode::unsupported,
                formatted("tensor: its elements are {}, not F32", name(dtype_)));
  }
  return {reinterpret_cast<const float*>(bytes_.data()), bytes_.size() / sizeof(float)};
}

std::span<float> Tensor::floats() {
  const std::span<const float> values = std::as_const(*this).floats();
  return {reinterpret_cast<float*>(bytes_.data()), values.size()};
}

std::vector<float> Tensor::to_float32() const {
  switch (dtype_) {
    case DType::float32: {
      const std::span<const float> values = floats();
      return {values.begin(), values.end()};
    }
    case DType::float64:
      return convert<double>(bytes_, [](double value) { return static_cast<float>(value); });
    case DType::float16: return convert<std::uint16_t>(bytes_, float_from_half);
    case DType::bfloat16: return convert<std::uint16_t>(bytes_, float_from_bfloat16);
  }
  return {};
}

Float32View::Float32View(const Tensor* tensor) {
  if (tensor == nullptr) return;
  if (tensor->dtype() == DType::float32) {
    values_ = tensor->floats();
    return;
  }
  converted_ = tensor->to_float32();
  values_ = converted_;
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace carousel
