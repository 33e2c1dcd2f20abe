// SPDX-License-Identifier: Apache-2.0
#include "tail.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace carousel {
namespace {

float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

float relu(float x) { return x < 0.0F ? 0.0F : x; }  // NaN stays NaN

/// The largest value; exponentials relative to it do not overflow.
float peak(std::span<const float> row) { return *std::ranges::max_element(row); }

void softmax(std::span<float> row) {
  const float top = peak(row);
  float sum = 0.0F;
  for (float& value : row) {
    value = std::exp(value - top);
    sum += value;
  }
  for (float& value : row) value /= sum;
}

void log_softmax(std::span<float> row) {
  const float top = peak(row);
  float sum = 0.0F;
  for (const float value : row) sum += std::exp(value - top);
  const float log_sum = std::log(sum);
  for (float& value : row) value = (value - top) - log_sum;
}

void apply(Tail tail, std::span<float> row) {
  switch (tail) {
    case Tail::none: break;
    case Tail::sigmoid: std::ranges::transform(row, row.begin(), sigmoid); break;
    case Tail::tanh:
      std::ranges::transform(row, row.begin(), [](float x) { return std::tanh(x); });
      break;
    case Tail::relu: std::ranges::transform(row, row.begin(), relu); break;
    case Tail::softmax: softmax(row); break;
    case Tail::log_softmax: log_softmax(row); break;
  }
}

}  // namespace

void apply_tail(Tail tail, const SequenceView<float>& y, const std::int64_t* lengths) noexcept {
  if (tail == Tail::none) return;
  for (std::int64_t b = 0; b < y.batch; ++b) {
    const std::int64_t steps = lengths == nullptr ? y.steps : lengths[b];
    for (std::int64_t t = 0; t < steps; ++t) {
      apply(tail, {y.row(t, b), static_cast<std::size_t>(y.features)});
    }
  }
}

}  // namespace carousel
