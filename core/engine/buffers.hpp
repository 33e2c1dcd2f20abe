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
  enum class In : std::uint8_t { model_input, buffer, model_output };
  In in = In::buffer;
  std::size_t index = 0;  ///< Among the inputs, buffers or outputs.
};

/// Where each layer reads and writes, and the buffers that this takes.
struct BufferPlan {
  std::vector<std::vector<Place>> reads;   ///< Per layer, per input.
  std::vector<Place> writes;               ///< Per layer.
  std::vector<std::int64_t> buffer_sizes;  ///< Floats per step and row.
};

/// Layers that give an output of the model write it in place; the others share as few buffers as
/// the order of the layers allows. An activation works in place where nobody else reads its input.
[[nodiscard]] BufferPlan plan_buffers(const Model& model, const Wiring& wiring);

}  // namespace carousel::detail
