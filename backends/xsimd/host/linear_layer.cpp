// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/layers.hpp"
#include "backends/xsimd/host/packing.hpp"
#include "core/engine/parallel.hpp"

#include <atomic>

namespace carousel::simd {
namespace {

/// So that little is lost when a thread comes late.
constexpr int kPartsPerThread = 4;

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
    const int threads = threads_for(args.x);
    const int parts = threads == 1 ? 1 : threads * kPartsPerThread;
    std::atomic<int> claimed{0};
    parallel(threads, [&](int, int) {
      for (int i; (i = claimed.fetch_add(1, std::memory_order_relaxed)) < parts;) {
        kernels_.linear(job, i, parts);
      }
    });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return weight_.bytes() + bias_.bytes();
  }

 private:
  [[nodiscard]] int threads_for(const SequenceView<const float>& x) const noexcept {
    if (options_.exact_threads) return options_.threads;
    constexpr double kFlops = 1e11;  // per second and core; only the order of magnitude matters
    const auto rows = static_cast<double>(x.steps * x.batch);
    return worthwhile_threads(options_.threads, rows * spec_.flops_per_row() / kFlops);
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
