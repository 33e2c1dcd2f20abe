// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/cases.hpp"

#include <string>
#include <utility>
#include <vector>

namespace carousel::conformance {

/// Puts the network of a case together, layer by layer; each reads the one before unless it is told
/// otherwise.
class NetworkBuilder {
 public:
  /// The model reads "x", of so many features.
  explicit NetworkBuilder(std::int64_t input);

  NetworkBuilder& add(LayerSpec spec, std::string name = {}, std::vector<std::string> inputs = {});
  /// The layer that was added last.
  [[nodiscard]] ModelLayer& last() { return model_.layers.back(); }
  [[nodiscard]] Model& model() { return model_; }

  /// The case `call` with this network.
  [[nodiscard]] Case done(std::string group, std::string label, Case call = {}) const;

 private:
  Model model_;
};

/// The description of a layer as a part of a case's name.
[[nodiscard]] std::string label_of(const LayerSpec& spec);

}  // namespace carousel::conformance
