// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include <memory>

/// Makes the layers of each kind, which run one batch row and one step at a time.
namespace carousel::scalar {

[[nodiscard]] std::unique_ptr<Layer> make_recurrent_layer(const RecurrentSpec& spec,
                                                          const Weights& weights,
                                                          Precision precision);
[[nodiscard]] std::unique_ptr<Layer> make_dense_layer(const DenseSpec& spec, const Weights& weights,
                                                      Precision precision);

}  // namespace carousel::scalar
