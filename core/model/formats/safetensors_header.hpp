// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "safetensors.hpp"

namespace carousel::loading::safetensors {

/// One entry of the header as written: types and counts are checked, numbers not yet.
struct HeaderEntry {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> data_offsets;  ///< Exactly two.
};

struct Header {
  std::map<std::string, std::string> metadata;
  std::vector<HeaderEntry> entries;
};

/// Parses the JSON text of a header, which is valid UTF-8 and starts with `{`. Rejects duplicate
/// keys on every level and anything that the format does not define, unknown fields of a tensor
/// included: the official reader skips those, but a field we do not know may change what the data
/// mean.
[[nodiscard]] Header parse_header(std::string_view json, std::string_view source);

}  // namespace carousel::loading::safetensors
