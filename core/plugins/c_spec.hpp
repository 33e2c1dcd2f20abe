// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>
#include <carousel/types.h>

#include <cstddef>

/// A layer's description, between C++ and C.
namespace carousel::c_types {

/// Every activation that the layer uses is explicit, all others are CAROUSEL_ACTIVATION_DEFAULT.
[[nodiscard]] carousel_layer_spec to_c(const LayerSpec& spec) noexcept;

/// Throws Error naming a member that has none of its values. Does not `validate`.
[[nodiscard]] LayerSpec from_c(const carousel_layer_spec& spec);

/// Whether a struct of `size` bytes has anything but zeros past its first `known` bytes: members
/// that somebody who knows only those must not ignore.
[[nodiscard]] bool uses_members_past(const void* object, std::size_t size,
                                     std::size_t known) noexcept;

}  // namespace carousel::c_types
