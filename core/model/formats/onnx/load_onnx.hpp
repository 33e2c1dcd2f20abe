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

/// Metadata keys that tell, of a model from an ONNX file, how the file's tensors relate to the
/// network's. They are true of that file only, so no other is written with them.
inline constexpr std::string_view kOnnxInputKey = "onnx.input";
inline constexpr std::string_view kOnnxOutputKey = "onnx.output";

/// Properties of an ONNX file that hold the model's TensorNames.
inline constexpr std::string_view kPrefixKey = "carousel.prefix";
inline constexpr std::string_view kEmbeddingKey = "carousel.embedding";
inline constexpr std::string_view kHeadKey = "carousel.head";

/// Whether a file of that name is to be read as ONNX.
[[nodiscard]] bool is_onnx_name(std::string_view source);

/// Reads the recurrent network in an ONNX file; see carousel::load. `folder` is where external data
/// may be. A build without ONNX support throws Error saying so.
[[nodiscard]] Model model_from_onnx(std::span<const std::byte> bytes, std::string_view source,
                                    const std::optional<std::filesystem::path>& folder,
                                    const LoadOptions& options);

/// The file that carousel::save_onnx writes.
[[nodiscard]] std::vector<std::byte> to_onnx(const Model& model, const SaveOnnxOptions& options);

}  // namespace carousel::loading
