// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/onednn/packed_tensor.hpp"

#include <carousel/backend.hpp>

#include <cstdint>
#include <memory>

/// Makes the layers of each kind. All functions throw dnnl::error.
namespace carousel::onednn {

/// The steps that a layer runs when it is made, so that the first run of a stream is as fast as the
/// others. With one row and step oneDNN would multiply a matrix by a vector, by other code.
inline constexpr std::int64_t kStepsToWarmUp = 2;

[[nodiscard]] std::unique_ptr<Layer> make_rnn_layer(const RecurrentSpec& spec,
                                                    const Weights& weights,
                                                    const LayerOptions& options);

/// y = W x + b at every step, by oneDNN's inner product.
[[nodiscard]] std::unique_ptr<Layer> make_dense_layer(const DenseSpec& spec, const Weights& weights,
                                                      const LayerOptions& options);

/// Describes `rows` rows of `spec`, with weights in whatever layout oneDNN prefers.
[[nodiscard]] DenseDesc describe_dense(const DenseSpec& spec, std::int64_t rows);

}  // namespace carousel::onednn
