// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>
#include <carousel/types.h>

#include <deque>
#include <string>
#include <vector>

/// A layer's weights, between C++ and C.
namespace carousel::c_types {

/// Copies the arrays. Throws Error (invalid_argument) naming the tensor and what is wrong with it.
/// Whether a layer has such weights is not looked at.
[[nodiscard]] Weights from_c(const carousel_weights& weights);

/// The required weights of a layer as float32, in the order of `weight_roles`. What they were made
/// of must outlive it.
class FloatWeights {
 public:
  FloatWeights(const LayerSpec& spec, const Weights& weights);
  FloatWeights(const FloatWeights&) = delete;
  FloatWeights& operator=(const FloatWeights&) = delete;
  ~FloatWeights() = default;

  [[nodiscard]] const carousel_weights& c() const noexcept { return c_; }

 private:
  std::vector<WeightRole> roles_;
  std::deque<Float32View> values_;
  std::vector<carousel_tensor> tensors_;
  carousel_weights c_{};
};

}  // namespace carousel::c_types
