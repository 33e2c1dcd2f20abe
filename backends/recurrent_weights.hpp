// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>
#include <carousel/spec.hpp>
#include <carousel/tensor.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace carousel {

/// The weights of one direction of a recurrent layer by role, as float32, for backends to pack.
/// Those that the layer does not have are empty. The layer's weights must outlive this object.
class RecurrentWeights {
 public:
  RecurrentWeights(const Weights& weights, std::size_t direction) {
    const auto read = [&](std::string_view role) {
      views_.emplace_back(find_weight(weights, in_direction(role, direction)));
      return views_.back().values();
    };
    weight_ih = read("weight_ih");
    weight_hh = read("weight_hh");
    bias_ih = read("bias_ih");
    bias_hh = read("bias_hh");
    weight_hr = read("weight_hr");
    peephole = read("peephole");
    norm_weight = read("norm_weight");
  }
  RecurrentWeights(const RecurrentWeights&) = delete;
  RecurrentWeights& operator=(const RecurrentWeights&) = delete;

  std::span<const float> weight_ih;    ///< [G*H, I]
  std::span<const float> weight_hh;    ///< [G*H, S / heads]
  std::span<const float> bias_ih;      ///< [G*H]; empty without bias.
  std::span<const float> bias_hh;      ///< [G*H]; empty without bias.
  std::span<const float> weight_hr;    ///< [P, H]; empty without projection.
  std::span<const float> peephole;     ///< [3*H] in the order i, f, o; empty without peepholes.
  std::span<const float> norm_weight;  ///< [G*H]; empty without layer normalization.

 private:
  std::vector<Float32View> views_;
};

}  // namespace carousel
