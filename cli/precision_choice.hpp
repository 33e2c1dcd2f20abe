// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/precision.hpp>

#include <vector>

namespace carousel::cli {

/// The precisions of a network's layers.
struct PrecisionChoice {
  Precision network = Precision::float32;
  std::vector<LayerPrecision> layers{};  ///< exceptions
};

}  // namespace carousel::cli
