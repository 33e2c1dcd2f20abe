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
              const LayerOptions& options)
      : kernels_(kernels),
        spec_(spec),
        options_(options),
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
    parallel(worthwhile_threads(args.x),
             [&](int index, int count) { kernels_.linear(job, index, count); });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return weight_.bytes() + bias_.bytes();
  }

 private:
  /// One where waking the others would take longer than the work.
  [[nodiscard]] int worthwhile_threads(const SequenceView<const float>& x) const noexcept {
    constexpr double kLeastShared = 3e6;  // floating point operations
    const auto rows = static_cast<double>(x.steps * x.batch);
    const bool worthwhile = options_.exact_threads || rows * spec_.flops_per_row() >= kLeastShared;
    return worthwhile ? options_.threads : 1;
  }

  const Kernels& kernels_;
  LayerSpec spec_;
  LayerOptions options_;
  AlignedFloats weight_, bias_;
};

}  // namespace

std::unique_ptr<Layer> make_linear_layer(const Kernels& kernels, const LayerSpec& spec,
                                         const LayerWeights& weights, const LayerOptions& options) {
  return std::make_unique<LinearLayer>(kernels, spec, weights[0], options);
}

}  // namespace carousel::simd
