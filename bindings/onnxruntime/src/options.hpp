// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ort.hpp"

#include <carousel/network.hpp>

#include <string>

namespace carousel::onnxruntime {

/// How nodes are run.
struct KernelOptions {
  PrepareOptions prepare{};
  /// Every run is compared with ONNX Runtime's own kernel.
  bool cross_check = false;
};

/// What a session says to the execution provider of that name: `backend`, `threads`, `precision`
/// as in PrepareOptions, and `cross_check`. Throws Error (invalid_argument) naming an option that
/// there is not, or a value that it cannot have.
[[nodiscard]] KernelOptions provider_options(const OrtSessionOptions& session,
                                             const std::string& provider);

/// What a session says to custom operators: the same as entries of its configuration, each behind
/// "carousel.". Throws Error (invalid_argument) for a value that an option cannot have.
[[nodiscard]] KernelOptions custom_operator_options(const OrtSessionOptions& session);

}  // namespace carousel::onnxruntime
