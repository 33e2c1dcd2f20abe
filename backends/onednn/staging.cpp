// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/staging.hpp"

#include <algorithm>

namespace carousel::onednn {

void copy_sequence(const SequenceView<const float>& from, const SequenceView<float>& to) noexcept {
  for (std::int64_t t = 0; t < from.steps; ++t) {
    for (std::int64_t b = 0; b < from.batch; ++b) {
      std::copy_n(from.row(t, b), from.features, to.row(t, b));
    }
  }
}

void zero_past_lengths(const SequenceView<float>& y, const std::int64_t* lengths) noexcept {
  for (std::int64_t b = 0; b < y.batch; ++b) {
    for (std::int64_t t = lengths[b]; t < y.steps; ++t) {
      std::fill_n(y.row(t, b), y.features, 0.0F);
    }
  }
}

Staging::Staging(std::int64_t steps, std::int64_t batch, std::int64_t inputs, std::int64_t outputs)
    : x_(steps * batch * inputs), y_(steps * batch * outputs) {}

SequenceView<const float> Staging::input(const SequenceView<const float>& x) const noexcept {
  if (is_dense(x)) return x;
  const auto dense = steps_first(x_.data(), x.steps, x.batch, x.features);
  copy_sequence(x, dense);
  return dense;
}

SequenceView<float> Staging::output(const SequenceView<float>& y) const noexcept {
  return is_dense(y) ? y : steps_first(y_.data(), y.steps, y.batch, y.features);
}

}  // namespace carousel::onednn
