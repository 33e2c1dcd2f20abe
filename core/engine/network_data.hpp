// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>
#include <carousel/network.hpp>

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace carousel::detail {

/// The state that rows of one direction start from; empty: zeros.
struct InitialState {
  std::vector<float> h;
  std::vector<float> c;
};

/// What a Network holds: immutable after `prepare`.
struct NetworkData {
  std::optional<Embedding> embedding;
  std::vector<LayerPlan> plans;                // one per layer, same order
  std::vector<std::unique_ptr<Layer>> layers;  // bottom up, the head last
  Tail tail = Tail::none;
  std::vector<std::array<InitialState, 2>>
      initial;  // per layer and direction; or none at all: zeros

  [[nodiscard]] std::int64_t layer_input_size() const { return plans.front().spec.input_size; }
  [[nodiscard]] std::int64_t output_size() const { return plans.back().spec.output_size(); }
  /// A reverse direction needs the end of the sequence before its first output.
  [[nodiscard]] bool needs_whole_sequence() const;
};

/// Views of all weights of a layer.
[[nodiscard]] LayerWeights weights_of(const ModelLayer& layer);

/// Like `carousel::prepare`, with every layer on `backend`. Throws Error naming the first layer
/// that it refuses, and why.
[[nodiscard]] Network prepare_on(const Backend& backend, const Model& model,
                                 const PrepareOptions& options);

}  // namespace carousel::detail
