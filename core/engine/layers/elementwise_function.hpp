// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/activation.hpp>
#include <carousel/view.hpp>

#include <cstdint>

namespace carousel {

/// Applies an elementwise activation function to numbers that stand side by side: y[i] =
/// function(x[i]). x and y are the same or do not overlap. What comes out for a number must not
/// depend on where it stands.
using VectorActivation = void (*)(const Activation& function, const float* x, float* y,
                                  std::int64_t count);

namespace layers {

/// An elementwise activation function with the code that applies it.
class ElementwiseFunction {
 public:
  /// `vector` is a backend's own code; null: the code that all backends have.
  ElementwiseFunction(const Activation& function, VectorActivation vector) noexcept;

  /// y[i] = function(x[i]). x and y are the same or do not overlap.
  void operator()(const float* x, float* y, std::int64_t count) const noexcept {
    apply_(function_, x, y, count);
  }

  /// y = function(x) for sequences of the same shape, which are the same or do not overlap.
  void operator()(const SequenceView<const float>& x, const SequenceView<float>& y) const noexcept;

 private:
  Activation function_;
  VectorActivation apply_;
};

}  // namespace layers
}  // namespace carousel
