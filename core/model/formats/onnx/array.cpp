// SPDX-License-Identifier: Apache-2.0
#include "array.hpp"

#include <cmath>
#include <cstring>
#include <utility>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "core/model/half.hpp"
#include "core/model/narrow.hpp"

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
  throw Refusal(formatted("has the element type {}; expected float, double, float16 or bfloat16",
                          name(array.type)));
}

void require_within_float32(const Array& doubles) {
  if (const auto fault = beyond_float32(doubles.data))
    throw Refusal("has a constant whose " + *fault);
}

/// What is beyond float32 becomes infinite, as a Cast has it.
std::vector<float> rounded_to_float(const Array& doubles) {
  return convert<double, float>(doubles, [](double value) { return static_cast<float>(value); });
}

template <class Stored>
std::vector<std::byte> narrowed(const std::vector<std::int64_t>& values) {
  std::vector<Stored> narrow(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) narrow[i] = static_cast<Stored>(values[i]);
  return bytes_of(narrow);
}

std::vector<std::byte> integer_bytes(const std::vector<std::int64_t>& values, ElementType type) {
  switch (type) {
    case ElementType::i32: return narrowed<std::int32_t>(values);
    case ElementType::i16: return narrowed<std::int16_t>(values);
    case ElementType::i8: return narrowed<std::int8_t>(values);
    case ElementType::u16: return narrowed<std::uint16_t>(values);
    case ElementType::u8: return narrowed<std::uint8_t>(values);
    case ElementType::boolean: {
      std::vector<std::uint8_t> truth(values.size());
      for (std::size_t i = 0; i < values.size(); ++i) truth[i] = values[i] != 0 ? 1 : 0;
      return bytes_of(truth);
    }
    default: return bytes_of(values);
  }
}

/// The integers that a type has lie between these two.
std::pair<double, double> limits_of(ElementType type) {
  const double most = std::ldexp(1.0, static_cast<int>(8 * width(type)) - 1);
  if (type == ElementType::u8 || type == ElementType::u16) return {-1.0, 2 * most};
  // As far as doubles tell neighbours apart from what does not fit.
  if (type == ElementType::i64 || type == ElementType::boolean) return {-9.2e18, 9.2e18};
  return {-most - 1.0, most};
}

/// As integers of that type: towards zero. What does not fit is undefined in ONNX.
std::vector<std::int64_t> truncated(const std::vector<double>& values, ElementType type) {
  const auto [least, most] = limits_of(type);
  std::vector<std::int64_t> result;
  result.reserve(values.size());
  for (const double value : values) {
    if (!(value > least && value < most)) {
      throw Malformed(formatted("the number {} (element {}) does not fit {}", value, result.size(),
                                name(type)));
    }
    result.push_back(static_cast<std::int64_t>(value));
  }
  return result;
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
    case ElementType::i16:
    case ElementType::u16: return 2;
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

bool is_half(ElementType type) noexcept {
  return type == ElementType::f16 || type == ElementType::bf16;
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
    case ElementType::u16: return "uint16";
    case ElementType::u8: return "uint8";
    case ElementType::boolean: return "bool";
  }
  return "?";
}

std::int64_t checked_count(const std::vector<std::int64_t>& shape) {
  for (const std::int64_t size : shape) {
    if (size < 0) throw Malformed(formatted("the shape {} has a negative size", shape_text(shape)));
  }
  const std::optional<std::int64_t> count = element_count(shape);
  if (!count) throw Malformed(formatted("the shape {} has too many elements", shape_text(shape)));
  return *count;
}

float to_float(double value) {
  if (is_beyond_float32(value)) throw Refusal("has the constant " + beyond_float32_text(value));
  return static_cast<float>(value);
}

std::vector<float> to_floats(const Array& array) {
  switch (array.type) {
    case ElementType::f32: return convert<float, float>(array, [](float value) { return value; });
    case ElementType::f64: require_within_float32(array); return rounded_to_float(array);
    case ElementType::f16: return convert<std::uint16_t, float>(array, float_from_half);
    case ElementType::bf16: return convert<std::uint16_t, float>(array, float_from_bfloat16);
    default: refuse_as_float(array);
  }
}

DType weight_type(const Array& array) {
  switch (array.type) {
    case ElementType::f32: return DType::float32;
    case ElementType::f64: require_within_float32(array); return DType::float64;
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
    case ElementType::u16: return widen<std::uint16_t>(array);
    case ElementType::u8:
    case ElementType::boolean: return widen<std::uint8_t>(array);
    default: break;
  }
  throw Refusal(formatted("has the element type {}; expected integers", name(array.type)));
}

Array from_integers(std::vector<std::int64_t> shape, const std::vector<std::int64_t>& values) {
  return {ElementType::i64, std::move(shape), bytes_of(values)};
}

std::vector<double> to_doubles(const Array& array) {
  if (array.type == ElementType::f64) {
    return convert<double, double>(array, [](double value) { return value; });
  }
  if (is_float(array.type)) {
    const std::vector<float> values = to_floats(array);
    return {values.begin(), values.end()};
  }
  std::vector<double> result;
  for (const std::int64_t value : to_integers(array)) {
    result.push_back(static_cast<double>(value));
  }
  return result;
}

Array from_floats(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  return {ElementType::f32, std::move(shape), bytes_of(values)};
}

Array from_doubles(ElementType type, std::vector<std::int64_t> shape,
                   const std::vector<double>& values) {
  if (!is_float(type))
    return {type, std::move(shape), integer_bytes(truncated(values, type), type)};
  if (type == ElementType::f64) return {type, std::move(shape), bytes_of(values)};
  std::vector<float> floats(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) floats[i] = static_cast<float>(values[i]);
  return from_floats(std::move(shape), floats);
}

Array cast(const Array& array, ElementType type) {
  if (array.type == type) return array;
  if (is_float(array.type) && (type == ElementType::f32 || is_half(type))) {
    const bool wide = array.type == ElementType::f64;
    return from_floats(array.shape, wide ? rounded_to_float(array) : to_floats(array));
  }
  if (is_float(type)) return from_doubles(type, array.shape, to_doubles(array));
  if (type == ElementType::boolean && is_float(array.type)) {
    std::vector<double> truth = to_doubles(array);
    for (double& value : truth) value = value != 0.0 ? 1.0 : 0.0;
    return from_doubles(type, array.shape, truth);
  }
  if (is_float(array.type)) {
    return {type, array.shape, integer_bytes(truncated(to_doubles(array), type), type)};
  }
  return {type, array.shape, integer_bytes(to_integers(array), type)};
}

}  // namespace carousel::loading::onnx
