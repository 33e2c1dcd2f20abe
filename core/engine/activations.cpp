// SPDX-License-Identifier: Apache-2.0
#include "core/engine/activations.hpp"

#include "core/engine/activation_functions.hpp"

#include <algorithm>
#include <cmath>

namespace carousel {
namespace {

/// The largest value; exponentials relative to it do not overflow.
float peak(std::span<const float> frame) { return *std::ranges::max_element(frame); }

void softmax(std::span<float> frame) {
  const float top = peak(frame);
  float sum = 0.0F;
  for (float& value : frame) {
    value = std::exp(value - top);
    sum += value;
  }
  for (float& value : frame) value /= sum;
}

void log_softmax(std::span<float> frame) {
  const float top = peak(frame);
  float sum = 0.0F;
  for (const float value : frame) sum += std::exp(value - top);
  const float log_sum = std::log(sum);
  for (float& value : frame) value = (value - top) - log_sum;
}

}  // namespace

float evaluate(const Activation& activation, float x) noexcept {
  float y = 0.0F;
  functions::with_function(activation, [&](auto function) { y = function(x); });
  return y;
}

void apply(const Activation& activation, std::span<const float> from,
           std::span<float> to) noexcept {
  functions::with_function(activation, [&](auto function) {
    float* __restrict y = to.data();
    if (from.data() == to.data()) {
      for (std::size_t k = 0; k < to.size(); ++k) y[k] = function(y[k]);
    } else {
      const float* __restrict x = from.data();
      for (std::size_t k = 0; k < to.size(); ++k) y[k] = function(x[k]);
    }
  });
}

void apply(const Activation& activation, std::span<float> frame) noexcept {
  switch (activation.kind) {
    case ActivationKind::softmax: softmax(frame); return;
    case ActivationKind::log_softmax: log_softmax(frame); return;
    default: apply(activation, frame, frame);
  }
}

}  // namespace carousel
