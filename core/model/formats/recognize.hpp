// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace carousel::loading {

/// What a file is by its content. Everything that is neither recognized nor read has the kind
/// `unknown`.
enum class FileKind : std::uint8_t { unknown, safetensors, json, torch_archive, onnx, foreign };

/// What the first bytes of a file, and for archives the list of files in it, say.
[[nodiscard]] FileKind recognize(std::span<const std::byte> bytes) noexcept;

/// Throws Error that says what a file of the kind `foreign` or `onnx` is and what can be done with
/// it; returns for all others.
void refuse_foreign(std::span<const std::byte> bytes, std::string_view source);

}  // namespace carousel::loading
