// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "onnxruntime_library.hpp"

#include <filesystem>

namespace carousel::bench::ort {

/// A session of that file with `threads` threads and all that makes it fastest. Throws Error with
/// ONNX Runtime's own words.
[[nodiscard]] Handle<OrtSession> open_session(const std::filesystem::path& file, int threads);

}  // namespace carousel::bench::ort
