// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>

#include <string>

namespace carousel::python {

/// Throws Error (invalid_argument).
[[noreturn]] void refuse(const std::string& text);

/// Sets Python's error to carousel.Error, which keeps the code.
void raise(const Error& error);

/// Throws Error for a run that failed, with the code that the C interface gives.
void require(const Status& status);

}  // namespace carousel::python
