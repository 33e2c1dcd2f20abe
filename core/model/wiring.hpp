// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>
#include <carousel/model.hpp>

#include <cstddef>
#include <vector>

namespace carousel {

/// Where a layer's input comes from.
struct Source {
  bool from_model_input = false;  ///< One of the model's inputs, not a layer.
  std::size_t index = 0;          ///< Index of `model_inputs` or of the layers.
};

/// A model's names resolved.
struct Wiring {
  std::vector<std::vector<Source>> sources;  ///< Per layer, per input.
  std::vector<std::size_t> outputs;          ///< Per output, the layer that gives it.
};

/// Throws Error (invalid_argument) naming the layer and the rule that its names, the number of its
/// inputs or their sizes break. Exported for the oracle and the conformance suite.
[[nodiscard]] CAROUSEL_API Wiring resolve_wiring(const Model& model);

}  // namespace carousel
