// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>
#include <carousel/model.hpp>
#include <carousel/spec.hpp>

#include <memory>

/// Layers that move or map numbers, one frame or one step at a time: all kinds but the recurrent,
/// dense and convolution layers. Every backend runs them with this code, so that it need not have
/// its own.
namespace carousel {

[[nodiscard]] bool is_common(const LayerSpec& spec) noexcept;

/// `spec` is common, and `weights` has what it needs.
[[nodiscard]] std::unique_ptr<Layer> make_common_layer(const LayerSpec& spec,
                                                       const Weights& weights);

}  // namespace carousel
