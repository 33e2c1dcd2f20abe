// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/onednn/rnn_weights.hpp"

#include <carousel/backend.hpp>

#include <cstddef>
#include <deque>
#include <memory>

namespace carousel::onednn {

/// A recurrent layer: the weights of its directions. The primitives depend on batch and steps, so
/// they are the workspace's.
class RnnLayer final : public Layer {
 public:
  RnnLayer(const LayerSpec& spec, const LayerWeights& weights, const LayerOptions& options);

  [[nodiscard]] std::unique_ptr<Workspace> workspace(
      const WorkspaceOptions& options) const override;
  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override;
  [[nodiscard]] std::size_t memory_bytes() const noexcept override;

 private:
  LayerSpec spec_;
  int threads_;
  std::deque<RnnWeights> weights_;  ///< per direction; a deque because they cannot move
};

}  // namespace carousel::onednn
