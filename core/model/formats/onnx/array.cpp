// SPDX-License-Identifier: Apache-2.0
#include "array.hpp"

#include <cstring>

#include "core/model/formats/text.hpp"
#include "core/model/half.hpp"

namespace carousel::loading::onnx {
namespace {

/// Reads elements with memcpy: nothing in a file is aligned.
template <class Stored, class Result, class Convert>
std::vector<Result> convert(const Array& array, Convert to_result) {
  std::vector<Result> values(array.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, array.data.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = to_result(stored);
  }
  return values;
}

template <class Stored>
std::vector<std::int64_t> widen(const Array& array) {
  return convert<Stored, std::int64_t>(
      array, [](Stored value) { return static_cast<std::int64_t>(value); });
}

template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

[[noreturn]] void refuse_as_float(const Array& array) {
  throw Refusal("has the element type " + std::string(name(array.type)) +
                "; expected float, double, float16 or bfloat16");
}

Array integers_as(const Array& array, ElementType type) {
  const std::vector<std::int64_t> values = to_integers(array);
  if (type == ElementType::i64) return {type, array.shape, bytes_of(values)};
  if (type == ElementType::i32) {
    const std::vector<std::int32_t> narrow(values.begin(), values.end());
    return {type, array.shape, bytes_of(narrow)};
  }
  std::vector<std::uint8_t> truth(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) truth[i] = values[i] != 0 ? 1 : 0;
  return {type, array.shape, bytes_of(truth)};
}

}  // namespace

std::size_t width(ElementType type) noexcept {
  switch (type) {
    case ElementType::f64:
    case ElementType::i64: return 8;
    case ElementType::f32:
    case ElementType::i32: return 4;
    case ElementType::f16:
    case ElementType::bf16:
    case ElementType::i16: return 2;
    case ElementType::i8:
    case ElementType::u8:
    case ElementType::boolean: break;
  }
  return 1;
}

bool is_float(ElementType type) noexcept {
  return type == ElementType::f32 || type == ElementType::f64 || type == ElementType::f16 ||
         type == ElementType::bf16;
}

std::string_view name(ElementType type) noexcept {
  switch (type) {
    case ElementType::f32: return "float";
    case ElementType::f64: return "double";
    case ElementType::f16: return "float16";
    case ElementType::bf16: return "bfloat16";
    case ElementType::i64: return "int64";
    case ElementType::i32: return "int32";
    case ElementType::i16: return "int16";
    case ElementType::i8: return "int8";
    case ElementType::u8: return "uint8";
    case ElementType::boolean: return "bool";
  }
  return "?";
}

std::int64_t checked_count(const std::vector<std::int64_t>& shape) {
  for (const std::int64_t size : shape) {
    if (size < 0) throw Malformed("the shape " + shape_text(shape) + " has a negative size");
  }
  const std::optional<std::int64_t> count = element_count(shape);
  if (!count) throw Malformed("the shape " + shape_text(shape) + " has too many elements");
  return *count;
}

std::vector<float> to_floats(const Array& array) {
  switch (array.type) {
    case ElementType::f32: return convert<float, float>(array, [](float value) { return value; });
    case ElementType::f64:
      return convert<double, float>(array, [](double value) { return static_cast<float>(value); });
    case ElementType::f16: return convert<std::uint16_t, float>(array, float_from_half);
    case ElementType::bf16: return convert<std::uint16_t, float>(array, float_from_bfloat16);
    default: refuse_as_float(array);
  }
}

DType weight_type(const Array& array) {
  switch (array.type) {
    case ElementType::f32: return DType::float32;
    case ElementType::f64: return DType::float64;
    case ElementType::f16: return DType::float16;
    case ElementType::bf16: return DType::bfloat16;
    default: refuse_as_float(array);
  }
}

carousel::Tensor to_weight(const Array& array, std::vector<std::int64_t> shape) {
  return {weight_type(array), std::move(shape), array.data};
}

std::vector<std::int64_t> to_integers(const Array& array) {
  switch (array.type) {
    case ElementType::i64: return widen<std::int64_t>(array);
    case ElementType::i32: return widen<std::int32_t>(array);
    case ElementType::i16: return widen<std::int16_t>(array);
    case ElementType::i8: return widen<std::int8_t>(array);
    case ElementType::u8:
    case ElementType::boolean: return widen<std::uint8_t>(array);
    default: break;
  }
  throw Refusal("has the element type " + std::string(name(array.type)) + "; expected integers");
}

Array from_integers(std::vector<std::int64_t> shape, const std::vector<std::int64_t>& values) {
  return {ElementType::i64, std::move(shape), bytes_of(values)};
}

Array cast(const Array& array, ElementType type) {
  if (array.type == type) return array;
  if (is_float(array.type) && type == ElementType::f32) {
    return {type, array.shape, bytes_of(to_floats(array))};
  }
  const bool to_integer =
      type == ElementType::i64 || type == ElementType::i32 || type == ElementType::boolean;
  if (!is_float(array.type) && to_integer) return integers_as(array, type);
  if (!is_float(array.type) && type == ElementType::f32) {
    const std::vector<std::int64_t> values = to_integers(array);
    std::vector<float> floats(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) floats[i] = static_cast<float>(values[i]);
    return {type, array.shape, bytes_of(floats)};
  }
  throw Refusal("a cast from " + std::string(name(array.type)) + " to " + std::string(name(type)) +
                " is not supported");
}

}  // namespace carousel::loading::onnx
