// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/network.hpp>

#include <vector>

namespace carousel {

/// The precision of each layer of the model, as the options say; float32 of those that have none.
/// Throws Error naming an exception whose layer does not exist, has no precision, or has two.
[[nodiscard]] CAROUSEL_API std::vector<Precision> layer_precisions(const Model& model,
                                                                   const PrepareOptions& options);

}  // namespace carousel
