// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cross_check.hpp>

#include <memory>

namespace carousel::detail {

struct LayerOutcome {
  std::vector<float> y;  ///< [steps, batch, output_size]
  LayerState state;      ///< After the run.
};

/// One layer of a model, prepared by a backend, to run alone.
class PreparedLayer {
 public:
  PreparedLayer(const Backend& backend, const ModelLayer& layer, const LayerOptions& options);

  [[nodiscard]] LayerOutcome run(const LayerProblem& problem) const;

 private:
  LayerSpec spec_;
  std::unique_ptr<Layer> layer_;
};

}  // namespace carousel::detail
