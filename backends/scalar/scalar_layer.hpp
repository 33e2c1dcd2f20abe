// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/scalar/weights.hpp"

#include <carousel/backend.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace carousel::scalar {

class ScalarWorkspace;

/// Runs any layer, one row and one step at a time.
class ScalarLayer final : public Layer {
 public:
  ScalarLayer(const LayerSpec& spec, const LayerWeights& weights);

  [[nodiscard]] std::unique_ptr<Workspace> workspace(
      const WorkspaceOptions& options) const override;
  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override;
  [[nodiscard]] std::size_t memory_bytes() const noexcept override;

 private:
  /// One batch row in one direction, from the first to the last of its real steps.
  void run_row(const ForwardArgs& args, std::int64_t row, std::size_t direction,
               ScalarWorkspace& workspace) const noexcept;
  /// One step of that row; writes y [state_size].
  void run_step(const float* x, float* y, float* h, float* c, std::size_t direction,
                ScalarWorkspace& workspace) const noexcept;

  LayerSpec spec_;
  std::array<Weights, 2> weights_;
};

}  // namespace carousel::scalar
