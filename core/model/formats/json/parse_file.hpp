// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formats/json_reader.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace carousel::loading {

/// The value of a file that is JSON. Throws Error naming `source` when it is not valid UTF-8 or not
/// JSON, has a key twice in one object, or is nested deeper or larger than any model: so that
/// nobody who walks through the value needs to fear for the stack.
[[nodiscard]] Json parse_json_file(std::span<const std::byte> bytes, std::string_view source);

}  // namespace carousel::loading
