// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cross_check.hpp>

namespace carousel::detail {

/// `precisions` are those of the layers of the candidate; the reference computes with the weights
/// of `model` as they are. Finds where the results of `backend` begin to differ from `reference`.
/// Returns nothing when every layer agrees by itself.
[[nodiscard]] std::optional<Divergence> locate(const Backend& backend, const Reference& reference,
                                               const Model& model, const CheckInput& input,
                                               int threads, std::span<const Precision> precisions);

}  // namespace carousel::detail
