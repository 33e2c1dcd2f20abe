// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/onednn/packed_tensor.hpp"

#include <carousel/backend.hpp>

#include <cstdint>
#include <memory>

/// The kinds of layers. All throw dnnl::error.
namespace carousel::onednn {

[[nodiscard]] std::unique_ptr<Layer> make_rnn_layer(const LayerSpec& spec,
                                                    const LayerWeights& weights,
                                                    const LayerOptions& options);

/// y = W x + b at every step, by oneDNN's inner product.
[[nodiscard]] std::unique_ptr<Layer> make_linear_layer(const LayerSpec& spec,
                                                       const LayerWeights& weights,
                                                       const LayerOptions& options);

/// Describes `rows` rows of `spec`, with weights in whatever layout oneDNN prefers.
[[nodiscard]] LinearDesc describe_linear(const LayerSpec& spec, std::int64_t rows);

}  // namespace carousel::onednn
