// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/onednn/rnn_primitive.hpp"
#include "backends/onednn/row_groups.hpp"
#include "backends/onednn/staging.hpp"
#include "core/engine/aligned.hpp"

#include <carousel/backend.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace carousel::onednn {

/// What one stream needs to run a recurrent layer: primitives for its batch, its states and staging
/// buffers.
///
/// Each direction runs by itself, the reverse one with oneDNN's right-to-left primitive, and writes
/// its part of y in place. oneDNN's native bidirectional primitive was measured (2.6.3 and 3.7.2,
/// hidden 16 to 256, batch 1 to 16) to cost what two runs cost, within the noise, and it could not
/// run in chunks shorter than the sequence or with a length per row.
class RnnWorkspace final : public Workspace {
 public:
  /// Throws dnnl::error.
  RnnWorkspace(const RecurrentSpec& spec, const std::deque<RnnWeights>& weights,
               const WorkspaceOptions& options);

  [[nodiscard]] std::size_t memory_bytes() const noexcept override;

  /// `Layer::forward`, for at least one step and row.
  [[nodiscard]] Status forward(const ForwardArgs& args) noexcept;

 private:
  /// The states of one direction, [batch, size] each.
  using States = std::vector<AlignedFloats>;

  [[nodiscard]] bool run_left_to_right(const ForwardArgs& args) noexcept;
  [[nodiscard]] bool run_right_to_left(const ForwardArgs& args, std::size_t direction) noexcept;
  /// Runs the steps [begin, end) of all rows from the current state, in the direction's order.
  [[nodiscard]] bool run_steps(const ForwardArgs& args, std::size_t direction, std::int64_t begin,
                               std::int64_t end) noexcept;
  /// The same for as many steps as `primitive` was made for.
  [[nodiscard]] bool run_chunk(const ForwardArgs& args, std::size_t direction,
                               RnnPrimitive& primitive, std::int64_t begin) noexcept;

  /// The caller's state `k` of a direction.
  [[nodiscard]] float* state_of(const ForwardArgs& args, std::size_t direction,
                                std::size_t k) const noexcept {
    return args.states[direction * spec_.state_count() + k];
  }
  /// Copies the states of all rows, or of some, from the caller's arrays to the current ones.
  void load_all(const ForwardArgs& args, std::size_t direction) noexcept;
  void load(const ForwardArgs& args, std::size_t direction,
            std::span<const std::int64_t> rows) noexcept;
  /// Copies the current states of some rows to the caller's arrays.
  void store(const ForwardArgs& args, std::size_t direction,
             std::span<const std::int64_t> rows) noexcept;

  RecurrentSpec spec_;
  dnnl::stream stream_;
  std::vector<std::vector<RnnPrimitive>> primitives_;  ///< Per direction, most steps first.
  AlignedFloats scratchpad_;
  Staging staging_;
  std::vector<std::int64_t> widths_;  ///< Floats of each state per batch row.
  // oneDNN may write the outgoing states before it has read all of the incoming ones, so the two
  // alternate; `states_[now_]` are the current ones.
  std::array<States, 2> states_;
  std::size_t now_ = 0;
  RowGroups rows_;
};

}  // namespace carousel::onednn
