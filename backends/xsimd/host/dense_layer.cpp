// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/layers.hpp"
#include "backends/xsimd/host/packing.hpp"
#include "backends/xsimd/host/panels.hpp"
#include "backends/xsimd/host/partition.hpp"
#include "core/engine/no_workspace.hpp"
#include "core/engine/parallel.hpp"

#include <atomic>

namespace carousel::simd {
namespace {

/// Parts of the work for each thread: several, so that little is lost when a thread comes late.
constexpr int kPartsPerThread = 4;

AlignedFloats pack_dense_bias(const DenseSpec& spec, const Weights& weights, std::int64_t width) {
  const PanelShape panel = output_panel(spec.output_size, 1, width);
  if (!spec.bias) return AlignedFloats(panel.elements());
  return pack_outputs(panel, Float32View(find_weight(weights, "bias")).values(), spec.output_size);
}

class DenseLayer final : public Layer {
 public:
  DenseLayer(const Kernels& kernels, const DenseSpec& spec, const Weights& weights,
             const LayerOptions& options)
      : run_(matrix_kernels(kernels, options.precision).dense),
        activate_(kernels.activate),
        spec_(spec),
        options_(options),
        panel_{output_panel(spec.output_size, spec.input_size, kernels.width)},
        weight_(pack_output_matrix(panel_, Float32View(find_weight(weights, "weight")).values(),
                                   spec.output_size, options.precision)),
        bias_(pack_dense_bias(spec, weights, kernels.width)) {
    panel_.data = data_of(weight_);
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<NoWorkspace>();
  }

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    const DenseJob job{.output_size = spec_.output_size,
                       .weight = panel_,
                       .bias = bias_.data(),
                       .activation = options_.activation ? &*options_.activation : nullptr,
                       .activate = activate_,
                       .x = args.x(),
                       .y = args.y};
    const int threads = threads_for(args.x());
    if (threads == 1) {  // small layers take less time than claiming a part
      run_(job, 0, 1);
      return {};
    }
    const int parts = threads * kPartsPerThread;
    std::atomic<int> claimed{0};
    parallel(threads, [&](int, int) {
      for (int i; (i = claimed.fetch_add(1, std::memory_order_relaxed)) < parts;) {
        run_(job, i, parts);
      }
    });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return bytes_of(weight_) + bias_.bytes();
  }

 private:
  [[nodiscard]] int threads_for(const SequenceView<const float>& x) const noexcept {
    if (options_.exact_threads || options_.threads == 1) return options_.threads;
    return worthwhile_threads(options_.threads, step_seconds(spec_, x.steps * x.batch));
  }

  void (*run_)(const DenseJob& job, int index, int count);  ///< the kernel of the precision
  Activate activate_;
  DenseSpec spec_;
  LayerOptions options_;
  AnyPanel panel_;
  PackedMatrix weight_;
  AlignedFloats bias_;
};

}  // namespace

std::unique_ptr<Layer> make_dense_layer(const Kernels& kernels, const DenseSpec& spec,
                                        const Weights& weights, const LayerOptions& options) {
  return std::make_unique<DenseLayer>(kernels, spec, weights, options);
}

}  // namespace carousel::simd
