// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/elementwise_function.hpp"

#include "core/engine/activations.hpp"
#include "core/engine/layers/common_layer.hpp"

#include <cstddef>
#include <span>

namespace carousel::layers {
namespace {

void one_by_one(const Activation& function, const float* x, float* y, std::int64_t count) {
  const auto size = static_cast<std::size_t>(count);
  apply(function, std::span(x, size), std::span(y, size));
}

}  // namespace

ElementwiseFunction::ElementwiseFunction(const Activation& function,
                                         VectorActivation vector) noexcept
    : function_(function), apply_(vector == nullptr ? one_by_one : vector) {}

void ElementwiseFunction::operator()(const SequenceView<const float>& x,
                                     const SequenceView<float>& y) const noexcept {
  if (is_dense(x) && is_dense(y)) {
    (*this)(x.data, y.data, y.steps * y.batch * y.features);
    return;
  }
  for (std::int64_t t = 0; t < y.steps; ++t) {
    for (std::int64_t b = 0; b < y.batch; ++b) (*this)(x.row(t, b), y.row(t, b), y.features);
  }
}

}  // namespace carousel::layers
