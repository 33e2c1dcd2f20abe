// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/wiring.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace carousel::detail {

/// Where a sequence stands during a run.
struct Place {
  enum class In : std::uint8_t { model_input, buffer, model_output, state };
  In in = In::buffer;
  std::size_t index = 0;  ///< Among the inputs, buffers, outputs, or all states of the network.
};

/// Something that is copied to an output of the model at the end of a run.
struct OutputCopy {
  std::size_t output = 0;
  Place from;
};

/// Where each layer reads and writes, and the buffers that this takes.
struct BufferPlan {
  std::vector<std::vector<Place>> reads;           ///< Per layer, per input.
  std::vector<std::vector<Place>> initial_states;  ///< Per layer, as in its wiring.
  std::vector<Place> writes;                       ///< Per layer.
  std::vector<OutputCopy> copies;                  ///< Outputs that no layer writes in place.
  std::size_t buffer_count = 0;
};

/// Layers that give an output of the model write it in place; the others share as few buffers as
/// the order of the layers allows. An activation works in place where nobody else reads its input.
[[nodiscard]] BufferPlan plan_buffers(const Model& model, const Wiring& wiring);

}  // namespace carousel::detail
