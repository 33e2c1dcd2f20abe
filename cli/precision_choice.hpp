// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/precision.hpp>

#include <string>
#include <vector>

namespace carousel::cli {

/// The precisions of a network's layers.
struct PrecisionChoice {
  Precision network = Precision::float32;
  std::vector<LayerPrecision> layers{};  ///< exceptions
};

/// "all", or names with commas between. An unknown one is refused by name.
[[nodiscard]] std::vector<Precision> precisions_by_names(const std::string& words);

}  // namespace carousel::cli
