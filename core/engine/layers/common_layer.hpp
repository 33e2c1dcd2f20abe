// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/no_workspace.hpp"

#include <carousel/backend.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

/// \file
/// What the common layers share.
namespace carousel::layers {

/// A layer without scratch memory and, unless it says otherwise, without weights.
class CommonLayer : public Layer {
 public:
  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<NoWorkspace>();
  }
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 0; }
};

/// Calls `frame(step, row)` for all steps of all rows of y.
template <class Frame>
void for_each_frame(const ForwardArgs& args, Frame&& frame) noexcept {
  for (std::int64_t t = 0; t < args.y.steps; ++t) {
    for (std::int64_t b = 0; b < args.y.batch; ++b) frame(t, b);
  }
}

/// Whether all numbers of a sequence stand side by side, frame by frame.
template <class T>
[[nodiscard]] bool is_dense(const SequenceView<T>& x) noexcept {
  const std::int64_t step = x.batch * x.features;
  return (x.batch == 1 || x.batch_stride == x.features) && (x.steps == 1 || x.step_stride == step);
}

/// The frame of one of several inputs: one with a single step has it at every step.
[[nodiscard]] inline const float* frame_of(const SequenceView<const float>& x, std::int64_t step,
                                           std::int64_t row) noexcept {
  return x.row(x.steps == 1 ? 0 : step, row);
}

/// The real steps of a row of the input.
[[nodiscard]] inline std::int64_t real_steps(const ForwardArgs& args, std::int64_t row) noexcept {
  const std::int64_t steps = args.x().steps;
  return args.lengths == nullptr ? steps : std::min(args.lengths[row], steps);
}

}  // namespace carousel::layers
