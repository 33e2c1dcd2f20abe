// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carousel {

/// How the elements of a tensor are stored.
enum class DType : std::uint8_t { float32, float64, float16, bfloat16 };

/// "F32", "F64", "F16", "BF16": the names that safetensors uses.
[[nodiscard]] CAROUSEL_API std::string_view name(DType dtype) noexcept;
/// Bytes of one element.
[[nodiscard]] CAROUSEL_API std::size_t element_size(DType dtype) noexcept;

/// A weight as its file has it: element type, shape and bytes, row-major and dense. A value type;
/// nothing is converted before a backend packs it. The bytes are aligned for any element type.
class CAROUSEL_API Tensor {
 public:
  /// No elements: a weight that is absent.
  Tensor() = default;
  /// Throws Error (invalid_argument) when `bytes` has not exactly the size that dtype and shape
  /// imply, or a dimension is negative.
  Tensor(DType dtype, std::vector<std::int64_t> shape, std::vector<std::byte> bytes);
  /// A float32 tensor. Throws Error (invalid_argument) when the number of values does not fit the
  /// shape.
  Tensor(std::vector<std::int64_t> shape, std::span<const float> values);

  [[nodiscard]] DType dtype() const noexcept { return dtype_; }
  [[nodiscard]] const std::vector<std::int64_t>& shape() const noexcept { return shape_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  /// Number of elements.
  [[nodiscard]] std::int64_t count() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

  /// The elements in place. Throws Error (unsupported) unless they are stored as float32.
  [[nodiscard]] std::span<const float> floats() const;
  [[nodiscard]] std::span<float> floats();
  /// A copy of the elements, rounded to float32 where they are float64, exact otherwise.
  [[nodiscard]] std::vector<float> to_float32() const;

  friend bool operator==(const Tensor&, const Tensor&) = default;

 private:
  DType dtype_ = DType::float32;
  std::vector<std::int64_t> shape_;
  std::vector<std::byte> bytes_;
};

/// The elements of a tensor as float32 for whoever packs them: in place where they are stored so, a
/// converted copy otherwise. The tensor must outlive it.
class CAROUSEL_API Float32View {
 public:
  /// Null or an absent tensor: no values.
  explicit Float32View(const Tensor* tensor);
  // Move-only: a copy's values would be those of the original's conversion.
  Float32View(Float32View&&) noexcept = default;
  Float32View& operator=(Float32View&&) noexcept = default;

  [[nodiscard]] std::span<const float> values() const noexcept { return values_; }

 private:
  std::vector<float> converted_;
  std::span<const float> values_;
};

/// "[4, 128]"
[[nodiscard]] CAROUSEL_API std::string shape_text(std::span<const std::int64_t> shape);

}  // namespace carousel
