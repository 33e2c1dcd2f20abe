// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "core/engine/layers/convolution.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace carousel::layers {

/// What a convolution makes of its windows, wherever they stand: y = W window + b.
class ConvolutionKernel {
 public:
  ConvolutionKernel() = default;
  ConvolutionKernel(const ConvolutionKernel&) = delete;
  ConvolutionKernel& operator=(const ConvolutionKernel&) = delete;
  virtual ~ConvolutionKernel() = default;

  [[nodiscard]] virtual std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const = 0;

  /// `windows` says where each of [steps, batch] windows begins: at its first position, of
  /// [in_channels]; the next one that it has is `dilation` positions further. `y` has as many
  /// frames of [out_channels].
  virtual Status run(const SequenceView<const float>& windows, const SequenceView<float>& y,
                     Workspace& workspace) const noexcept = 0;

  [[nodiscard]] virtual std::size_t memory_bytes() const noexcept = 0;
};

/// `options` are those of the dense layers; the kernel of a transposed convolution is flipped, for
/// windows of an input that has zeros between its positions.
[[nodiscard]] std::unique_ptr<ConvolutionKernel> make_convolution_kernel(
    const Backend& backend, const ConvolutionSpec& spec, const Weights& weights,
    const LayerOptions& options);

}  // namespace carousel::layers
