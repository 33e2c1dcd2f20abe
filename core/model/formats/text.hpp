// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>
#include <carousel/tensor.hpp>  // shape_text

#include "core/model/element_count.hpp"
#include "core/model/quote.hpp"

#include <string>
#include <string_view>

/// Small helpers that every loader's error messages and size checks share.
namespace carousel::loading {

/// Throws Error "source: text"; "(memory)" stands for a source that is empty.
[[noreturn]] void fail(std::string_view source, std::string_view text,
                       ErrorCode code = ErrorCode::bad_format);

}  // namespace carousel::loading
