// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "core/engine/aligned.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace carousel::planning {

/// Returns `count` pseudorandom numbers in (-1, 1), the same in every run.
[[nodiscard]] std::vector<float> numbers(std::int64_t count);

/// A layer prepared by one backend, to be timed with `numbers` as its input. As in real use, the
/// states are valid and denormals are flushed to zero.
class LayerTrial {
 public:
  /// Packs. Throws Error.
  LayerTrial(const Backend& backend, const LayerSpec& spec, const Weights& weights,
             const LayerOptions& options);

  /// Runs the first `steps` steps, at most `options.steps`, from zero state. Throws Error when the
  /// backend fails.
  void run(std::int64_t steps);

 private:
  LayerSpec spec_;
  std::int64_t batch_;
  std::int64_t max_steps_;
  std::unique_ptr<Layer> layer_;
  std::unique_ptr<Workspace> workspace_;
  std::vector<float> x_, y_;
  std::vector<AlignedFloats> states_;
  std::vector<float*> state_pointers_;
};

}  // namespace carousel::planning
