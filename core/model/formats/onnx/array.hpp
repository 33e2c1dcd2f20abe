// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Tensors whose values are known, as the constants of an ONNX graph are.
namespace carousel::loading::onnx {

/// Why one node, or one tensor, cannot be used. Becomes an Error (which names the node) only if the
/// network needs it.
struct Refusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class ElementType : std::uint8_t { f32, f64, f16, bf16, i64, i32, i16, i8, u8, boolean };

[[nodiscard]] std::size_t width(ElementType type) noexcept;  ///< bytes per element
[[nodiscard]] bool is_float(ElementType type) noexcept;
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

/// The product of the dimensions. Throws Refusal when it is negative or beyond int64.
[[nodiscard]] std::int64_t checked_count(const std::vector<std::int64_t>& shape);

/// The values as float32, rounded where they are wider. Throws Refusal unless they are floats.
[[nodiscard]] std::vector<float> to_floats(const Array& array);
/// Throws Refusal unless they are integers (or booleans).
[[nodiscard]] std::vector<std::int64_t> to_integers(const Array& array);

[[nodiscard]] Array from_integers(std::vector<std::int64_t> shape,
                                  const std::vector<std::int64_t>& values);

/// Converts as the operator Cast does, among the types above. Throws Refusal for others.
[[nodiscard]] Array cast(const Array& array, ElementType type);

}  // namespace carousel::loading::onnx
