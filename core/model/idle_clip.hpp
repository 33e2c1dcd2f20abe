// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include <algorithm>
#include <variant>

/// \file
/// Clips of gate pre-activations that cannot change a bit, as exporters to ONNX like to write them.
namespace carousel {

/// From here on sigmoid and tanh have reached their limits: in float32 both round to 1 at 88,
/// sigmoid from 17.4 and tanh from 9.1 on, and tanh to -1 at -88. sigmoid(-88) = 6.1e-39 lies below
/// the smallest normal number, 2^-126 = sigmoid(-87.3), so in a run, which has denormals flushed,
/// it is 0.
inline constexpr float kIdleClip = 88.0F;

/// Whether the functions that the pre-activations of all gates go to are sigmoid or tanh.
[[nodiscard]] inline bool has_saturating_gates(const RecurrentSpec& spec) noexcept {
  // The third function of an LSTM is of its cell state, which `clip` does not bound.
  const std::size_t count = std::min<std::size_t>(traits(spec.cell).activation_count, 2);
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    for (std::size_t k = 0; k < count; ++k) {
      const ActivationKind kind = spec.activations.at(d).at(k).kind;
      if (kind != ActivationKind::sigmoid && kind != ActivationKind::tanh) return false;
    }
  }
  return true;
}

/// Whether bounding the pre-activations of gates can change anything.
[[nodiscard]] inline bool clips_gates(const RecurrentSpec& spec) noexcept {
  return spec.clip > 0.0F && !(spec.clip >= kIdleClip && has_saturating_gates(spec));
}

/// The layer as backends are to see it: without a clip that changes nothing.
[[nodiscard]] inline LayerSpec without_idle_clip(LayerSpec spec) {
  auto* recurrent = std::get_if<RecurrentSpec>(&spec);
  if (recurrent != nullptr && !clips_gates(*recurrent)) recurrent->clip = 0.0F;
  return spec;
}

}  // namespace carousel
