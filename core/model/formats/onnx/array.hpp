// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>
#include <carousel/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Tensors whose values are known, as the constants of an ONNX graph are.
namespace carousel::loading::onnx {

/// Why one node, or one tensor, cannot be used. Becomes an Error (which names the node) only if the
/// network needs it.
class Refusal : public std::runtime_error {
 public:
  explicit Refusal(const std::string& reason, ErrorCode code = ErrorCode::unsupported)
      : std::runtime_error(reason), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

/// A node or tensor that breaks a rule of the format, as opposed to one that is not supported.
class Malformed : public Refusal {
 public:
  explicit Malformed(const std::string& reason) : Refusal(reason, ErrorCode::bad_format) {}
};

enum class ElementType : std::uint8_t { f32, f64, f16, bf16, i64, i32, i16, i8, u16, u8, boolean };

/// Bytes of one element.
[[nodiscard]] std::size_t width(ElementType type) noexcept;
[[nodiscard]] bool is_float(ElementType type) noexcept;
[[nodiscard]] bool is_half(ElementType type) noexcept;  ///< Whether it is a float of 16 bits.
[[nodiscard]] std::string_view name(ElementType type) noexcept;

/// Row-major.
struct Array {
  ElementType type = ElementType::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> data;

  [[nodiscard]] std::size_t size() const noexcept { return data.size() / width(type); }
  [[nodiscard]] std::int64_t rank() const noexcept {
    return static_cast<std::int64_t>(shape.size());
  }
};
using SharedArray = std::shared_ptr<const Array>;

/// The product of the dimensions. Throws Malformed when it is negative or beyond int64.
[[nodiscard]] std::int64_t checked_count(const std::vector<std::int64_t>& shape);

/// The values as float32, rounded where they are wider. Throws Refusal unless they are floats, and
/// where one is beyond float32.
[[nodiscard]] std::vector<float> to_floats(const Array& array);
/// The number as float32. Throws Refusal where it would become infinite.
[[nodiscard]] float to_float(double value);
/// What the elements are in a weight. Throws Refusal unless they are floats, and where one is
/// beyond float32.
[[nodiscard]] DType weight_type(const Array& array);
/// The array as a weight of that shape, which has as many elements. Throws Refusal unless they are
/// floats, and none beyond float32.
[[nodiscard]] carousel::Tensor to_weight(const Array& array, std::vector<std::int64_t> shape);
/// Throws Refusal unless they are integers (or booleans).
[[nodiscard]] std::vector<std::int64_t> to_integers(const Array& array);

/// The values as doubles, of floats and of integers.
[[nodiscard]] std::vector<double> to_doubles(const Array& array);

[[nodiscard]] Array from_integers(std::vector<std::int64_t> shape,
                                  const std::vector<std::int64_t>& values);
[[nodiscard]] Array from_floats(std::vector<std::int64_t> shape, const std::vector<float>& values);
/// Rounded to the type, one of float, double and integers; float16 becomes float.
[[nodiscard]] Array from_doubles(ElementType type, std::vector<std::int64_t> shape,
                                 const std::vector<double>& values);

/// Converts as the operator Cast does, but to float where the type is a smaller float. Throws
/// Refusal for numbers that do not fit.
[[nodiscard]] Array cast(const Array& array, ElementType type);

}  // namespace carousel::loading::onnx
