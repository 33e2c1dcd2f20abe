// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/layers.hpp"
#include "backends/xsimd/packing.hpp"
#include "core/parallel.hpp"

namespace carousel::simd {
namespace {

class NoWorkspace final : public Workspace {
 public:
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return sizeof(*this); }
};

AlignedFloats pack_linear_bias(const LayerSpec& spec, const WeightsView& weights,
                               std::int64_t width) {
  const std::vector<float> zeros(spec.bias ? 0 : static_cast<std::size_t>(spec.hidden_size));
  return pack_rows(spec.bias ? weights.bias_ih : zeros, spec.hidden_size, 1, width);
}

class LinearLayer final : public Layer {
 public:
  LinearLayer(const Kernels& kernels, const LayerSpec& spec, const WeightsView& weights,
              int threads)
      : kernels_(kernels),
        spec_(spec),
        threads_(threads),
        weight_(pack_rows(weights.weight_ih, spec.hidden_size, spec.input_size, kernels.width)),
        bias_(pack_linear_bias(spec, weights, kernels.width)) {}

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<NoWorkspace>();
  }

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    const std::int64_t group_size = 4 * kernels_.width;
    const LinearJob job{.input_size = spec_.input_size,
                        .output_size = spec_.hidden_size,
                        .groups = (spec_.hidden_size + group_size - 1) / group_size,
                        .weight = weight_.data(),
                        .bias = bias_.data(),
                        .x = args.x,
                        .y = args.y,
                        .lengths = args.lengths};
    parallel(threads_, [&](int index, int count) { kernels_.linear(job, index, count); });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return weight_.bytes() + bias_.bytes();
  }

 private:
  const Kernels& kernels_;
  LayerSpec spec_;
  int threads_;
  AlignedFloats weight_, bias_;
};

}  // namespace

std::unique_ptr<Layer> make_linear_layer(const Kernels& kernels, const LayerSpec& spec,
                                         const LayerWeights& weights, const LayerOptions& options) {
  return std::make_unique<LinearLayer>(kernels, spec, weights[0], options.threads);
}

}  // namespace carousel::simd
