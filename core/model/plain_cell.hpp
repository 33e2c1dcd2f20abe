// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include "core/model/idle_clip.hpp"

namespace carousel {

/// Whether a layer has nothing but the usual cell: what backends have their fastest code for.
[[nodiscard]] inline bool is_plain_cell(const RecurrentSpec& spec) noexcept {
  return !spec.peephole && spec.coupling == GateCoupling::none && !clips_gates(spec) &&
         spec.cell_clip == 0.0F && !spec.layer_norm && has_default_activations(spec);
}

}  // namespace carousel
