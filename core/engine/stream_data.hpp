// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/aligned.hpp"
#include "core/engine/network_data.hpp"
#include "core/engine/run_text.hpp"

#include <carousel/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace carousel::detail {

/// What one input of a run is given: one of the two, or nothing.
struct InputViews {
  SequenceView<const float> x;
  SequenceView<const std::int32_t> ids;
  bool given = true;
};

/// The arguments of one layer's `forward`. What stays the same from run to run is set once;
/// sequences in buffers change only their number of steps.
struct LayerCall {
  std::vector<SequenceView<const float>> inputs;
  ForwardArgs args;
  bool inside = false;  ///< It reads and writes nothing that the caller gives.
  /// What the arguments of a layer inside were set for: a chunk of so many steps, or the numbers
  /// of steps that `StreamData::flows_counted` stands for.
  std::int64_t set_for = -1;
};

/// What a Stream holds: everything that a run needs, allocated beforehand.
struct StreamData {
  StreamData(const NetworkData& network, const StreamOptions& options);

  /// Sets every state to what sequences start from.
  void reset(const NetworkData& network) noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

  StreamOptions options;
  RunText::Memory failure_text{};
  std::vector<AlignedFloats> state_memory;  // one for each name of a state without its direction
  std::vector<NamedState> states;           // in the order of NetworkData::states
  std::vector<float*> state_pointers;       // likewise
  std::vector<std::size_t> first_state;     // per layer, and one more: index of `states`
  std::vector<std::unique_ptr<Workspace>> workspaces;  // per layer
  std::vector<AlignedFloats> buffers;                  // each for the longest that stands in it
  std::vector<AlignedFloats> spare_outputs;  // per output, for runs that leave it out; or empty
  std::vector<std::int64_t> input_steps;     // per input: steps in the run
  std::vector<std::int64_t> flow_steps;      // per layer: steps that come out in the run
  std::vector<std::int64_t> counted_steps;   // the input_steps that flow_steps follow from
  std::int64_t flows_counted = 0;            // how often flow_steps have changed
  // The real steps of each row: [batch], of the run and of what is being worked on; per layer,
  // [batch] each, in networks that need the whole sequence.
  std::vector<std::int64_t> lengths, chunk_lengths, flow_lengths;
  // The arguments of a run, and of the chunk of it being worked on.
  std::vector<InputViews> inputs, chunk_inputs;             // per input of the network
  std::vector<SequenceView<float>> outputs, chunk_outputs;  // per output of the network
  std::vector<std::uint8_t> output_given;                   // per output: not left out
  std::vector<LayerCall> calls;                             // per layer
};

}  // namespace carousel::detail
