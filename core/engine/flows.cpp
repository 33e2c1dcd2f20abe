// SPDX-License-Identifier: Apache-2.0
#include "core/engine/flows.hpp"

namespace carousel::detail {
namespace {

/// The steps that a layer with several inputs works on: as many as they all have, where those of a
/// single step fit any number. -1 if they do not fit together.
std::int64_t common_steps(std::int64_t a, std::int64_t b) noexcept {
  if (a == b || b == 1) return a;
  return a == 1 ? b : -1;
}

}  // namespace

std::int64_t steps_of(const Source& source, std::span<const std::int64_t> inputs,
                      std::span<const std::int64_t> flows) noexcept {
  switch (source.of) {
    case Source::Of::model_input: return inputs[source.index];
    case Source::Of::layer: return flows[source.index];
    case Source::Of::final_state: break;
  }
  return 1;
}

bool count_steps(const NetworkData& network, std::span<const std::int64_t> inputs,
                 std::span<std::int64_t> flows) noexcept {
  bool fits = true;
  for (std::size_t k = 0; k < flows.size(); ++k) {
    const std::vector<Source>& sources = network.wiring.sources[k];
    std::int64_t common = steps_of(sources.front(), inputs, flows);
    for (std::size_t i = 1; i < sources.size(); ++i) {
      common = common_steps(common, steps_of(sources[i], inputs, flows));
      if (common < 0) {
        fits = false;
        common = 0;
      }
    }
    flows[k] = output_steps(network.plans[k].spec, common);
  }
  return fits;
}

std::vector<std::int64_t> input_steps(const NetworkData& network, std::int64_t steps) {
  std::vector<std::int64_t> all;
  for (const ModelInput& input : network.inputs) all.push_back(input.one_step ? 1 : steps);
  return all;
}

}  // namespace carousel::detail
