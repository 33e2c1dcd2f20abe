// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

/// ONNX files; the rest of the library knows of them only what is declared here.
namespace carousel::loading {

/// Whether a file of that name is to be read as ONNX.
[[nodiscard]] bool is_onnx_name(std::string_view source);

/// Reads the recurrent network in an ONNX file; see carousel::load. `folder` is where external data
/// may be. A build without ONNX support throws Error saying so.
[[nodiscard]] Model model_from_onnx(std::span<const std::byte> bytes, std::string_view source,
                                    const std::optional<std::filesystem::path>& folder,
                                    const LoadOptions& options);

}  // namespace carousel::loading
