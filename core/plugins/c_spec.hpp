// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/precision.hpp>
#include <carousel/spec.hpp>
#include <carousel/types.h>

#include <cstddef>
#include <cstdint>

/// A layer's description, between C++ and C: the one place that knows both.
namespace carousel::c_types {

/// The carousel_layer_kind of a layer.
[[nodiscard]] std::int32_t kind_of(const LayerSpec& spec) noexcept;

/// Members that the kind does not have are zero. Every activation that the layer uses is explicit,
/// all others are CAROUSEL_ACTIVATION_DEFAULT. `input_sizes` points into `spec`.
[[nodiscard]] carousel_layer_spec to_c(const LayerSpec& spec) noexcept;

/// Throws Error naming a member that has none of its values, or that the kind does not have
/// (invalid_argument), or a kind that this Carousel does not run (unsupported). Does not
/// `validate`.
[[nodiscard]] LayerSpec from_c(const carousel_layer_spec& spec);

/// The spec of a usual layer without its sizes. Throws Error as `from_c` does for the kind.
[[nodiscard]] carousel_layer_spec usual_spec(std::int32_t kind);

/// Throws Error (unsupported) naming the number and those that there are; `what` says whose it is.
[[nodiscard]] Precision precision_from_c(std::int32_t precision, const char* what);

/// No struct of the C interfaces is larger than this, in whatever version: a `struct_size` beyond
/// it was never set.
inline constexpr std::size_t kMostStructBytes = 4096;

/// Whether a struct of `size` bytes has anything but zeros past its first `known` bytes: members
/// that somebody who knows only those must not ignore.
[[nodiscard]] bool uses_members_past(const void* object, std::size_t size,
                                     std::size_t known) noexcept;

}  // namespace carousel::c_types
