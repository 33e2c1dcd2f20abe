// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::loading {

/// What the front of a .npy file says.
struct NpyHeader {
  std::string descr;  ///< For example "<f4".
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::size_t data_offset = 0;
};

/// Reads magic, version, length and the dictionary, of which exactly the three keys above (without
/// `data_offset`) are known. Throws Error naming `source` and the broken rule.
[[nodiscard]] NpyHeader parse_npy_header(std::span<const std::byte> bytes, std::string_view source);

/// Where the header ends by what its first bytes tell, which may be beyond those that there are.
[[nodiscard]] std::size_t npy_header_size(std::span<const std::byte> bytes,
                                          std::string_view source);

/// A version 1.0 header for float32 in C order, padded to a multiple of 64 bytes.
[[nodiscard]] std::string npy_header(std::span<const std::int64_t> shape);

}  // namespace carousel::loading
