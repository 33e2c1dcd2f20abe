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

/// What one stream needs to run a recurrent layer: primitives for its batch, state and staging
/// buffers.
///
/// Each direction runs by itself, the reverse one with oneDNN's right-to-left primitive, and writes
/// its part of y in place. oneDNN's native bidirectional primitive was measured (2.6.3 and 3.7.2,
/// hidden 16 to 256, batch 1 to 16) to cost what two runs cost, within the noise, and it could not
/// run in chunks shorter than the sequence or with a length per row.
class RnnWorkspace final : public Workspace {
 public:
  /// Throws dnnl::error.
  RnnWorkspace(const LayerSpec& spec, const std::deque<RnnWeights>& weights,
               const WorkspaceOptions& options);

  [[nodiscard]] std::size_t memory_bytes() const noexcept override;

  /// `Layer::forward`, for at least one step and row.
  [[nodiscard]] Status forward(const ForwardArgs& args) noexcept;

 private:
  struct State {
    AlignedFloats h;
    AlignedFloats c;  ///< LSTM only
  };

  [[nodiscard]] bool run_left_to_right(const ForwardArgs& args) noexcept;
  [[nodiscard]] bool run_right_to_left(const ForwardArgs& args, std::size_t direction) noexcept;
  /// Runs the steps [begin, end) of all rows from the current state, in the direction's order.
  [[nodiscard]] bool run_steps(const ForwardArgs& args, std::size_t direction, std::int64_t begin,
                               std::int64_t end) noexcept;
  /// The same for as many steps as `primitive` was made for.
  [[nodiscard]] bool run_chunk(const ForwardArgs& args, std::size_t direction,
                               RnnPrimitive& primitive, std::int64_t begin) noexcept;

  /// Copies the state of all rows, or of some, from the caller's arrays to the current state.
  void load_all(const ForwardArgs& args, std::size_t direction) noexcept;
  void load(const ForwardArgs& args, std::size_t direction,
            std::span<const std::int64_t> rows) noexcept;
  /// Copies the current state of some rows to the caller's arrays.
  void store(const ForwardArgs& args, std::size_t direction,
             std::span<const std::int64_t> rows) noexcept;

  LayerSpec spec_;
  dnnl::stream stream_;
  std::vector<std::vector<RnnPrimitive>> primitives_;  ///< per direction; most steps first
  AlignedFloats scratchpad_;
  Staging staging_;
  // oneDNN may write the outgoing state before it has read all of the incoming one, so the two
  // alternate; `states_[now_]` is the current one.
  std::array<State, 2> states_;
  std::size_t now_ = 0;
  RowGroups rows_;
};

}  // namespace carousel::onednn
