// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/layers/convolution_kernel.hpp"

#include <carousel/backend.hpp>

#include <memory>

namespace carousel::layers {

/// Slides along the steps of each row.
[[nodiscard]] std::unique_ptr<Layer> make_time_convolution(
    const ConvolutionSpec& spec, std::unique_ptr<ConvolutionKernel> kernel);

/// Slides along the positions of each frame.
[[nodiscard]] std::unique_ptr<Layer> make_frame_convolution(
    const ConvolutionSpec& spec, std::unique_ptr<ConvolutionKernel> kernel, int threads);

}  // namespace carousel::layers
