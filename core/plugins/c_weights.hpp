// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>
#include <carousel/types.h>

#include <deque>
#include <string>
#include <vector>

/// A layer's weights, between C++ and C.
namespace carousel::c_types {

/// Copies the arrays of a layer with that spec, which texts call `layer`. Throws Error
/// (invalid_argument) naming the tensor and what is wrong with it: roles and shapes are looked at
/// before any number is read.
[[nodiscard]] Weights from_c(const carousel_weights& weights, const LayerSpec& spec,
                             const std::string& layer);

/// The required weights of a layer as float32, in the order of `weight_roles`. What they were made
/// of must outlive it. Where they are copies, these are aligned to 4 bytes and no more, and are
/// overwritten in the end: who relies on more than the interface promises shall notice it early.
class FloatWeights {
 public:
  FloatWeights(const LayerSpec& spec, const Weights& weights);
  FloatWeights(const FloatWeights&) = delete;
  FloatWeights& operator=(const FloatWeights&) = delete;
  ~FloatWeights();

  [[nodiscard]] const carousel_weights& c() const noexcept { return c_; }

 private:
  const float* floats(const Tensor* tensor);

  std::vector<WeightRole> roles_;
  std::deque<std::vector<float>> copies_;
  std::vector<carousel_tensor> tensors_;
  carousel_weights c_{};
};

}  // namespace carousel::c_types
