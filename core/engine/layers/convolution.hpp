// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include <memory>

/// \file
/// Convolutions, for every backend: a window of kernel_size positions of [in_channels] is
/// contiguous memory, so a convolution is the backend's own dense layer run on overlapping rows. A
/// depthwise one, whose windows have one number per output and position, is a loop of its own.
namespace carousel::layers {

/// The dense layer that a group of channels is.
[[nodiscard]] inline DenseSpec dense_spec(const ConvolutionSpec& spec) noexcept {
  return {.input_size = spec.kernel_size * (spec.in_channels / spec.groups),
          .output_size = spec.out_channels / spec.groups,
          .bias = spec.bias};
}

/// Whether the backend runs the dense layers that the convolution is made of.
[[nodiscard]] Support supports_convolution(const Backend& backend, const ConvolutionSpec& spec,
                                           Precision precision);

/// What the backend sets apart of the dense layers that the convolution is made of.
[[nodiscard]] SetApart convolution_sets_apart(const Backend& backend, const ConvolutionSpec& spec);

/// Throws Error as `Backend::prepare` does.
[[nodiscard]] std::unique_ptr<Layer> make_convolution(const Backend& backend,
                                                      const ConvolutionSpec& spec,
                                                      const Weights& weights,
                                                      const LayerOptions& options);

}  // namespace carousel::layers
