// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/buffers.hpp"

#include <carousel/backend.hpp>
#include <carousel/network.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace carousel::detail {

/// Something that a layer carries from step to step.
struct NetworkState {
  std::size_t layer = 0;
  StateSpec spec;
  std::vector<float> initial;  ///< What a row starts from; empty: zeros.
};

/// What a Network holds: immutable after `prepare`.
struct NetworkData {
  std::vector<LayerPlan> plans;                // one per layer, in the model's order
  std::vector<std::unique_ptr<Layer>> layers;  // likewise
  std::vector<NetworkState> states;            // layer by layer, in the order of states(spec)
  std::vector<ModelInput> inputs;
  std::vector<std::int64_t> id_counts;  // per input: ids that every embedding reading it knows
  std::vector<NetworkOutput> outputs;
  BufferPlan buffers;
  bool whole_sequence = false;  // some layer needs the end of the sequence for its first output
};

/// Like `carousel::prepare`, with every layer on `backend`. Throws Error naming the first layer
/// that it refuses, and why.
[[nodiscard]] Network prepare_on(const Backend& backend, const Model& model,
                                 const PrepareOptions& options);

/// What only the engine may do with a Network.
struct NetworkAccess {
  [[nodiscard]] static Network make(std::shared_ptr<const NetworkData> data) noexcept {
    return Network(std::move(data));
  }
};

}  // namespace carousel::detail
