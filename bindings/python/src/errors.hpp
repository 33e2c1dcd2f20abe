// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>

#include <string>

namespace carousel::python {

/// Throws Error (invalid_argument).
[[noreturn]] void refuse(const std::string& text);

/// Throws Error for a run that failed, with the code that the C interface gives.
void require(const Status& status);

}  // namespace carousel::python
