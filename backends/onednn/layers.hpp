// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/onednn/packed_tensor.hpp"

#include <carousel/backend.hpp>

#include <cstdint>
#include <memory>

/// Makes the layers of each kind. All functions throw dnnl::error.
namespace carousel::onednn {

[[nodiscard]] std::unique_ptr<Layer> make_rnn_layer(const RecurrentSpec& spec,
                                                    const Weights& weights,
                                                    const LayerOptions& options);

/// y = W x + b at every step, by oneDNN's inner product.
[[nodiscard]] std::unique_ptr<Layer> make_dense_layer(const DenseSpec& spec, const Weights& weights,
                                                      const LayerOptions& options);

/// Describes `rows` rows of `spec`, with weights in whatever layout oneDNN prefers.
[[nodiscard]] DenseDesc describe_dense(const DenseSpec& spec, std::int64_t rows);

}  // namespace carousel::onednn
