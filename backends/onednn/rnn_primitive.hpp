// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/onednn/execution.hpp"
#include "backends/onednn/rnn_weights.hpp"
#include "core/engine/aligned.hpp"

#include <carousel/spec.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace carousel::onednn {

/// Whether a direction of `spec` runs from the last step to the first.
[[nodiscard]] inline bool is_reverse(const RecurrentSpec& spec, std::size_t direction) noexcept {
  return direction == 1 || spec.direction == Direction::reverse;
}

/// oneDNN's name for the activation function of a plain RNN; `undef` if oneDNN's RNN lacks it.
[[nodiscard]] dnnl::algorithm vanilla_function(ActivationKind kind) noexcept;

/// Describes one direction of `spec` for `steps` steps of `batch` rows, with weights in whatever
/// layout oneDNN prefers. Throws dnnl::error.
[[nodiscard]] RnnDesc describe_direction(const RecurrentSpec& spec, std::size_t direction,
                                         std::int64_t steps, std::int64_t batch);

/// The arrays that one execution reads and writes.
struct RnnBuffers {
  const float* x;  ///< [steps, batch, input_size]
  float* y;        ///< [steps, batch, state_size], rows `output_size` apart.
  /// The states of the direction, in the order of `states(spec)`.
  std::span<const AlignedFloats> in;
  std::span<const AlignedFloats> out;  ///< Like `in`, in other memory.
};

/// One direction of a layer for a fixed number of steps.
class RnnPrimitive {
 public:
  RnnPrimitive(const RecurrentSpec& spec, std::size_t direction, std::int64_t steps,
               std::int64_t batch, const RnnWeights& weights);

  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }
  [[nodiscard]] Execution& execution() noexcept { return execution_; }

  /// Returns whether oneDNN reported success.
  [[nodiscard]] bool run(const dnnl::stream& stream, const RnnBuffers& buffers) noexcept;

 private:
  /// A memory object of the execution whose pointer each run sets.
  [[nodiscard]] dnnl::memory add_unbound(int id, const Desc& desc);

  /// A state before and after an execution.
  struct State {
    dnnl::memory in;
    dnnl::memory out;
  };

  std::int64_t steps_;
  Execution execution_;
  dnnl::memory x_, y_;
  std::vector<State> states_;
};

}  // namespace carousel::onednn
