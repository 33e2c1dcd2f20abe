// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ort.hpp"

#include <carousel/network.hpp>

#include <string>

namespace carousel::onnxruntime {

/// What a session says to the execution provider of that name: `backend`, `threads`, `precision`,
/// as in PrepareOptions. Throws Error (invalid_argument) naming an option that there is not, or a
/// value that it cannot have.
[[nodiscard]] PrepareOptions read_options(const OrtSessionOptions& session,
                                          const std::string& provider);

}  // namespace carousel::onnxruntime
