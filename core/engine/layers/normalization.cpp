// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/activation_layers.hpp"
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/layers.hpp"
#include "core/engine/layers/sums.hpp"

#include <cmath>
#include <vector>

namespace carousel::layers {
namespace {

std::vector<float> values_or_empty(const Weights& weights, const char* role) {
  const Tensor* tensor = find_weight(weights, role);
  return tensor == nullptr ? std::vector<float>() : tensor->to_float32();
}

/// Means are float64, so that large ones do not cost the differences their digits.
class NormalizationLayer final : public CommonLayer {
 public:
  NormalizationLayer(const NormalizationSpec& spec, const Weights& weights,
                     const std::optional<ElementwiseFunction>& activation)
      : spec_(spec),
        activation_(activation),
        weight_(values_or_empty(weights, "weight")),
        bias_(values_or_empty(weights, "bias")) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      const float* x = args.x().row(t, b);
      float* y = args.y.row(t, b);
      const std::int64_t group = spec_.group_size();
      for (std::int64_t k = 0; k < spec_.size; k += group) normalize(x + k, y + k, group);
      scale(y);
      if (activation_) (*activation_)(y, y, spec_.size);
    });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return (weight_.size() + bias_.size()) * sizeof(float);
  }

 private:
  void normalize(const float* __restrict x, float* __restrict y,
                 std::int64_t count) const noexcept {
    const auto size = static_cast<double>(count);
    double mean = 0.0;
    if (spec_.center) mean = sum_of(x, count, [](double v) { return v; }) / size;
    const double squares = sum_of(x, count, [=](double v) { return (v - mean) * (v - mean); });
    const double factor = 1.0 / std::sqrt(squares / size + static_cast<double>(spec_.epsilon));
    for (std::int64_t k = 0; k < count; ++k) {
      y[k] = static_cast<float>((static_cast<double>(x[k]) - mean) * factor);
    }
  }

  void scale(float* __restrict y) const noexcept {
    const float* __restrict weight = weight_.data();
    const float* __restrict bias = bias_.data();
    if (spec_.scale) {
      for (std::int64_t k = 0; k < spec_.size; ++k) y[k] *= weight[k];
    }
    if (spec_.bias) {
      for (std::int64_t k = 0; k < spec_.size; ++k) y[k] += bias[k];
    }
  }

  NormalizationSpec spec_;
  std::optional<ElementwiseFunction> activation_;
  std::vector<float> weight_;  ///< [size] or empty
  std::vector<float> bias_;    ///< [size] or empty
};

}  // namespace

std::unique_ptr<Layer> make_normalization(const NormalizationSpec& spec, const Weights& weights,
                                          const std::optional<ElementwiseFunction>& activation) {
  return std::make_unique<NormalizationLayer>(spec, weights, activation);
}

std::unique_ptr<Layer> make(const NormalizationSpec& spec, const Weights& weights) {
  return make_normalization(spec, weights, std::nullopt);
}

}  // namespace carousel::layers
