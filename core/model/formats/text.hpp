// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>
#include <carousel/tensor.hpp>  // shape_text

#include "core/model/element_count.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Small helpers that every loader's error messages and size checks share.
namespace carousel::loading {

/// `text` in single quotes, fit to be shown: control bytes escaped, cut when very long. Names come
/// from untrusted files and may be a hundred megabytes of anything.
[[nodiscard]] std::string quote(std::string_view text);

/// Throws Error "source: text"; "(memory)" stands for a source that is empty.
[[noreturn]] void fail(std::string_view source, std::string_view text,
                       ErrorCode code = ErrorCode::bad_format);

/// Offset of the first byte that is not valid UTF-8 (overlong forms and surrogates are not), or
/// nothing.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view text);

}  // namespace carousel::loading
