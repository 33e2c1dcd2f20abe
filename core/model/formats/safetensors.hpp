// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The safetensors file format and nothing else: bytes to a checked table of tensors and back. What
/// the tensors mean is state_dict.hpp's business.
/// https://github.com/huggingface/safetensors#format
namespace carousel::loading::safetensors {

/// Every dtype that the format knows, in the official implementation's order of alignment, which is
/// also the (descending) order of tensors in a file.
enum class DType : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

/// "F32"
[[nodiscard]] std::string_view name(DType dtype) noexcept;
[[nodiscard]] std::optional<DType> dtype_from_name(std::string_view name) noexcept;
/// Bits, because the smallest types pack several values into a byte.
[[nodiscard]] int bits(DType dtype) noexcept;

/// One tensor; `data` points into the caller's bytes and may be misaligned.
struct StoredTensor {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;
  std::string file_name{};  ///< What the file calls it, where that is not `name`.
};

/// The length of the header, by the first bytes of a file of that size. Throws Error unless
/// there is room for a header of that length, which begins with '{'.
[[nodiscard]] std::size_t header_length(std::span<const std::byte> head, std::uintmax_t file_size,
                                        std::string_view source);

struct Table {
  std::map<std::string, std::string> metadata;
  std::vector<StoredTensor> tensors;  ///< In the order of their data.
};

/// Checks every rule of the format; throws Error naming `source`, the tensor and the broken rule.
[[nodiscard]] Table parse(std::span<const std::byte> bytes, std::string_view source);

/// The bytes of a file as the official implementation writes it: tensors by descending dtype, then
/// by name; compact JSON; the data aligned to 8 bytes. Metadata keys are sorted, so that equal
/// tables give equal bytes. Throws Error for names that are not UTF-8 or not unique.
[[nodiscard]] std::vector<std::byte> serialize(const Table& table);

}  // namespace carousel::loading::safetensors
