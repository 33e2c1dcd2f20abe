// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/onednn/packed_tensor.hpp"

#include <carousel/backend.hpp>

#include <cstddef>
#include <memory>

namespace carousel::onednn {

/// y = W x + b at every step, by oneDNN's inner product.
class LinearLayer final : public Layer {
 public:
  LinearLayer(const LayerSpec& spec, const WeightsView& weights, const LayerOptions& options);

  [[nodiscard]] std::unique_ptr<Workspace> workspace(
      const WorkspaceOptions& options) const override;
  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override;
  [[nodiscard]] std::size_t memory_bytes() const noexcept override;

 private:
  LayerSpec spec_;
  int threads_;
  PackedTensor weight_;
  PackedTensor bias_;
};

/// Describes `rows` rows of `spec`, with weights in whatever layout oneDNN prefers. Throws
/// dnnl::error.
[[nodiscard]] LinearDesc describe_linear(const LayerSpec& spec, std::int64_t rows);

}  // namespace carousel::onednn
