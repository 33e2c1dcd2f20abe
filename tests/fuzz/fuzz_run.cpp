// SPDX-License-Identifier: Apache-2.0
// From the bytes of a file to results: what is loaded must run, or be refused.
#include <carousel/carousel.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

#include "fuzz_entry.hpp"

namespace carousel::testing {
namespace {

constexpr std::int64_t kSteps = 3;
constexpr std::int64_t kBatch = 2;

/// Files of some bytes may describe layers of gigabytes that have no weights: those are not what is
/// looked for.
bool is_small(const Model& model) {
  constexpr std::int64_t kMost = 20'000;
  if (model.parameter_count() > kMost) return false;
  return std::ranges::all_of(model.layers, [](const ModelLayer& layer) {
    const std::vector<StateSpec> all = states(layer.spec);
    return output_size(layer.spec) <= kMost &&
           std::ranges::all_of(all, [](const StateSpec& state) { return state.size <= kMost; });
  });
}

/// Arrays for all inputs and outputs of a network.
class Arrays {
 public:
  explicit Arrays(const Network& network) {
    for (const ModelInput& input : network.inputs()) {
      const std::int64_t steps = input.one_step ? 1 : kSteps;
      NamedInput& named = inputs_.emplace_back(NamedInput{.name = input.name});
      if (input.ids) {
        const auto& ids = ids_.emplace_back(static_cast<std::size_t>(steps * kBatch));
        named.ids = steps_first<const std::int32_t>(ids.data(), steps, kBatch, 1);
      } else {
        const auto count = static_cast<std::size_t>(steps * kBatch * input.size);
        // Inputs of one step may be lengths.
        const auto& x = floats_.emplace_back(count, input.one_step ? 1.0F : 0.5F);
        named.x = steps_first<const float>(x.data(), steps, kBatch, input.size);
      }
    }
    for (std::size_t k = 0; k < network.outputs().size(); ++k) {
      const NetworkOutput& output = network.outputs()[k];
      const std::int64_t steps = network.output_steps(kSteps, k);
      auto& y = floats_.emplace_back(static_cast<std::size_t>(steps * kBatch * output.size));
      outputs_.push_back({output.name, steps_first(y.data(), steps, kBatch, output.size)});
    }
  }

  [[nodiscard]] Status run(Stream& stream) const { return stream.run(inputs_, outputs_); }

 private:
  std::vector<std::vector<float>> floats_;
  std::vector<std::vector<std::int32_t>> ids_;
  std::vector<NamedInput> inputs_;
  std::vector<NamedOutput> outputs_;
};

/// ONNX files are known by their names only.
Model load_any(std::span<const std::byte> bytes) {
  try {
    return load(bytes, "fuzz", {.ignore_extra = true});
  } catch (const Error&) {
    return load(bytes, "fuzz.onnx");
  }
}

bool run_on(const Model& model, const char* backend) {
  const Network network =
      prepare(model, {.backend = backend, .batch = kBatch, .steps = kSteps, .plan = Plan::fixed});
  Stream stream = network.stream({.batch = kBatch, .max_steps = kSteps});
  const Arrays arrays(network);
  return static_cast<bool>(arrays.run(stream));
}

}  // namespace

bool fuzz_run(std::span<const std::byte> bytes) {
  try {
    const Model model = load_any(bytes);
    if (!is_small(model)) return false;
    const bool scalar = run_on(model, "scalar");
    return run_on(model, "xsimd") && scalar;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace carousel::testing
