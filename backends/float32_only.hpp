// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

namespace carousel {

/// What a backend supports that runs every layer, but with float32 weights only.
[[nodiscard]] inline Support supports_float32_only(const LayerSpec& spec) {
  if (spec.precision == Precision::float32) return Support::yes();
  return Support::no("precision " + std::string(name(spec.precision)) + " is not implemented");
}

}  // namespace carousel
