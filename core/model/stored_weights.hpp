// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>
#include <carousel/precision.hpp>

#include <optional>
#include <span>

/// \file
/// Weights as a precision stores them: the one place where they are rounded. Backends, the oracle
/// and files that are written all get the same numbers.
namespace carousel {

/// The element type that matrices are stored in; nothing for precisions that are not one (int8 has
/// scales of its own, float32 keeps what the file has).
[[nodiscard]] CAROUSEL_API std::optional<DType> stored_type(Precision precision) noexcept;

/// Whether the weight of that role, of a layer that `has_precision`, is a matrix.
[[nodiscard]] CAROUSEL_API bool is_matrix(std::string_view role) noexcept;

/// The model with the matrices of each layer rounded to nearest, ties to even, from the type that
/// they have, and stored so; they are kept as they are where they have the type already.
/// `precisions` are those of the layers. Throws Error (unsupported) naming the layer and the weight
/// which holds a finite number that is too large.
[[nodiscard]] CAROUSEL_API Model store_weights(Model model, std::span<const Precision> precisions);

}  // namespace carousel
