// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

namespace carousel {

/// Yes for what the xsimd backend runs: LSTM (with or without projection) and linear layers in
/// float32 with the default activations. No, with the reason, for everything else.
[[nodiscard]] inline Support supports_plain_cells(const LayerSpec& spec) {
  if (spec.cell != Cell::lstm && spec.cell != Cell::linear) {
    return Support::no("cell " + std::string(name(spec.cell)) + " is not implemented");
  }
  if (spec.peephole) return Support::no("peephole connections are not implemented");
  if (spec.coupling != GateCoupling::none) return Support::no("coupled gates are not implemented");
  if (spec.clip > 0.0F) return Support::no("clip is not implemented");
  if (spec.cell_clip > 0.0F) return Support::no("cell_clip is not implemented");
  if (!has_default_activations(spec)) {
    return Support::no("only the default activations are implemented");
  }
  if (spec.precision != Precision::float32) {
    return Support::no("precision " + std::string(name(spec.precision)) + " is not implemented");
  }
  return Support::yes();
}

}  // namespace carousel
