// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>
#include <carousel/export.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace carousel {

/// An array from a NumPy `.npy` file in C order: float16/32/64 become float, integers int64.
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NpyArray {
  std::vector<std::int64_t> shape;
  std::variant<std::vector<float>, std::vector<std::int64_t>> values;

  [[nodiscard]] bool is_integer() const noexcept { return values.index() == 1; }
  /// The values as floats; throws Error naming `what` when they are integers.
  [[nodiscard]] CAROUSEL_API const std::vector<float>& floats(const std::string& what) const;
  /// The values as integers; throws Error naming `what` when they are floats.
  [[nodiscard]] CAROUSEL_API const std::vector<std::int64_t>& integers(
      const std::string& what) const;
};

/// Reads versions 1 to 3 with dtypes f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 and bool,
/// little-endian, C or Fortran order. Throws Error naming the file and the rule broken.
[[nodiscard]] CAROUSEL_API NpyArray read_npy(const std::filesystem::path& file);

/// The same from memory; `source` stands for the file name in messages.
[[nodiscard]] CAROUSEL_API NpyArray read_npy(std::span<const std::byte> bytes,
                                             std::string_view source);

/// Writes float32, C order, version 1.0; under a temporary name, then renamed.
CAROUSEL_API void write_npy(const std::filesystem::path& file, std::span<const std::int64_t> shape,
                            std::span<const float> values);

/// An array that is to be written.
struct NpyFile {
  std::filesystem::path file;
  std::vector<std::int64_t> shape;
  std::span<const float> values;
};

/// Writes several arrays like that. All of them are complete before the first one gets its name, so
/// that nothing is written when one of them cannot be.
CAROUSEL_API void write_npy(std::span<const NpyFile> files);

}  // namespace carousel
