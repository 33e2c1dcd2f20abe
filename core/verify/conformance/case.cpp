// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/cases.hpp"

#include <array>
#include <cstdio>
#include <initializer_list>
#include <string_view>

namespace carousel::conformance {
namespace {

void set_functions(LayerSpec& spec, const std::vector<Activation>& functions) {
  if (functions.empty()) return;
  const std::size_t each = activation_count(spec.cell);
  for (std::size_t d = 0; d < 2; ++d) {
    for (std::size_t k = 0; k < each; ++k) {
      spec.activations.at(d).at(k) = functions.at((d * each + k) % functions.size());
    }
  }
}

/// "Relu" or "Affine:0.5:0.1", one after another.
std::string function_names(const std::vector<Activation>& functions) {
  std::string all;
  for (const Activation& f : functions) {
    all.append(all.empty() ? "" : "-").append(carousel::name(f.kind));
    if (f.alpha == 0.0F && f.beta == 0.0F) continue;
    std::array<char, 40> numbers{};
    (void)std::snprintf(numbers.data(), numbers.size(), ":%g:%g", static_cast<double>(f.alpha),
                        static_cast<double>(f.beta));
    all += numbers.data();
  }
  return all;
}

}  // namespace

std::vector<LayerSpec> layer_specs(const Case& c) {
  std::vector<LayerSpec> specs;
  std::int64_t input = c.input;
  for (std::int64_t k = 0; k < c.layers; ++k) {
    LayerSpec spec = make_spec(c.cell, input, c.hidden, c.direction, c.proj, c.bias);
    spec.linear_before_reset = c.linear_before_reset;
    spec.peephole = c.peephole;
    spec.coupling = c.coupling;
    spec.clip = c.clip;
    spec.cell_clip = c.cell_clip;
    set_functions(spec, c.functions);
    input = spec.output_size();
    specs.push_back(spec);
  }
  if (c.head > 0) {
    specs.push_back(make_spec(Cell::linear, input, c.head, Direction::forward, 0, c.bias));
  }
  return specs;
}

std::string Case::name() const {
  std::string text = group + "/I" + std::to_string(input) + "_H" + std::to_string(hidden);
  const auto add = [&text](std::string_view key, auto value) {
    if (value != 0) text.append("_").append(key).append(std::to_string(value));
  };
  const auto pick = [&text](auto value, std::initializer_list<std::string_view> names) {
    const std::string_view word = names.begin()[static_cast<std::size_t>(value)];
    if (!word.empty()) text.append("_").append(word);
  };
  add("P", proj);
  add("L", layers);
  pick(direction, {"", "reverse", "bidirectional"});
  pick(bias, {"nobias", ""});
  add("head", head);
  add("vocabulary", vocabulary);
  text += "_B" + std::to_string(batch) + "_T" + std::to_string(steps);
  pick(lengths, {"", "lengths-random", "lengths-sorted", "lengths-equal", "lengths-some-zero",
                 "lengths-all-zero"});
  pick(x_layout, {"", "x-batch-first", "x-padded", "x-batch-first-padded"});
  pick(y_layout, {"", "y-batch-first", "y-padded", "y-batch-first-padded"});
  pick(initial_state, {"", "state"});
  add("chunk", chunk);
  add("max", max_steps);
  add("threads", threads == 1 ? 0 : threads);
  pick(weights, {"", "w-saturating", "w-tiny", "w-denormal", "w-positive"});
  pick(inputs, {"", "x-zero", "x-large", "x-huge", "x-denormal", "x-nan", "x-inf"});
  if (cell != Cell::lstm) text.append("_").append(carousel::name(cell));
  if (!linear_before_reset) text += "_reset-first";
  if (peephole) text += "_peephole";
  pick(coupling, {"", "f-from-i", "i-from-f"});
  if (clip > 0.0F) text += "_clip";
  if (cell_clip > 0.0F) text += "_cell-clip";
  if (!functions.empty()) text.append("_").append(function_names(functions));
  return text;
}

}  // namespace carousel::conformance
