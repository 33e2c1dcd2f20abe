// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>

#include <cstdint>
#include <string_view>

namespace carousel {

/// How a network's weights are stored and multiplied: a choice of `prepare`, not of the model.
enum class Precision : std::uint8_t { float32 };

/// "float32"
[[nodiscard]] CAROUSEL_API std::string_view name(Precision precision) noexcept;

/// The precision of that name. Throws Error (unsupported) naming those that there are.
[[nodiscard]] CAROUSEL_API Precision precision_by_name(std::string_view name);

}  // namespace carousel
