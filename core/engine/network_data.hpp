// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/buffers.hpp"
#include "core/model/limits.hpp"

#include <carousel/backend.hpp>
#include <carousel/network.hpp>

#include <cstdint>
#include <limits>
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

/// No input or output.
inline constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// What a Network holds: immutable after `prepare`.
struct NetworkData {
  std::vector<LayerPlan> plans;                // one per layer, in the model's order
  std::vector<std::unique_ptr<Layer>> layers;  // likewise
  std::vector<NetworkState> states;            // layer by layer, in the order of states(spec)
  std::vector<ModelInput> inputs;
  std::vector<std::int64_t> id_counts;  // per input: ids that every embedding reading it knows
  std::vector<NetworkOutput> outputs;
  Wiring wiring;
  BufferPlan buffers;
  // Per layer: the optional inputs that it, if it comes before the main phase, depends on.
  std::vector<std::vector<std::size_t>> needed_inputs;
  // Every sequence, outputs included, has as many steps as the inputs.
  bool same_steps = true;
  // Of the short form of a run: the one input that must be given, and the one output that is not
  // made of final states; kNone where there are several.
  std::size_t main_input = kNone;
  std::size_t main_output = kNone;
};

/// What `carousel::prepare` makes a network of.
[[nodiscard]] std::shared_ptr<NetworkData> prepare_data(const Model& model,
                                                        const PrepareOptions& options);

/// Like `carousel::prepare`, with every layer on `backend`. Throws Error naming the first layer
/// that it refuses, and why.
[[nodiscard]] Network prepare_on(const Backend& backend, const Model& model,
                                 const PrepareOptions& options);

/// What only the engine may do with a Network.
struct NetworkAccess {
  [[nodiscard]] static Network make(std::shared_ptr<const NetworkData> data) noexcept {
    return Network(std::move(data));
  }
  [[nodiscard]] static const NetworkData& data(const Network& network) noexcept {
    return *network.data_;
  }
};

}  // namespace carousel::detail
