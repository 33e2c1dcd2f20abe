// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/network_builder.hpp"

#include <algorithm>
#include <memory>

namespace carousel::conformance {

NetworkBuilder::NetworkBuilder(std::int64_t input) {
  model_.inputs = {{.name = "x", .size = input}};
}

NetworkBuilder& NetworkBuilder::add(LayerSpec spec, std::string name,
                                    std::vector<std::string> inputs) {
  model_.layers.push_back({std::move(spec), {}, std::move(name), std::move(inputs)});
  return *this;
}

Case NetworkBuilder::done(std::string group, std::string label, Case call) const {
  call.group = std::move(group);
  call.label = std::move(label);
  call.input = model_.inputs.front().size;
  call.model = std::make_shared<const Model>(model_);
  return call;
}

std::string label_of(const LayerSpec& spec) {
  std::string text = describe(spec);
  std::erase(text, ',');
  std::ranges::replace(text, ' ', '-');
  return text;
}

}  // namespace carousel::conformance
