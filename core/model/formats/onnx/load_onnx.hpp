// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// ONNX files; the rest of the library knows of them only what is declared here.
namespace carousel::loading {

/// Property of an ONNX file that holds the names of the model's layers: an array of texts, as JSON.
/// Names of inputs and outputs are under the keys that safetensors files have them under.
inline constexpr std::string_view kNamesKey = "carousel.names";

/// Whether a file of that name is to be read as ONNX.
[[nodiscard]] bool is_onnx_name(std::string_view source);

/// Reads the network in an ONNX file; see carousel::load. `folder` is where external data
/// may be. A build without ONNX support throws Error saying so.
[[nodiscard]] Model model_from_onnx(std::span<const std::byte> bytes, std::string_view source,
                                    const std::optional<std::filesystem::path>& folder,
                                    const LoadOptions& options);

/// The file that carousel::save_onnx writes.
[[nodiscard]] std::vector<std::byte> to_onnx(const Model& model, const SaveOnnxOptions& options);

}  // namespace carousel::loading
