// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/layers.hpp"
#include "backends/xsimd/host/packing.hpp"
#include "backends/xsimd/host/panels.hpp"
#include "backends/xsimd/host/partition.hpp"
#include "core/engine/no_workspace.hpp"
#include "core/engine/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <optional>

namespace carousel::simd {
namespace {

/// Parts of the work for each thread: several, so that little is lost when a thread comes late.
constexpr int kPartsPerThread = 4;

AlignedFloats pack_dense_bias(const DenseSpec& spec, const Weights& weights, std::int64_t width) {
  const PanelShape panel = output_panel(spec.output_size, 1, width);
  if (!spec.bias) return AlignedFloats(panel.elements());
  return pack_outputs(panel, Float32View(find_weight(weights, "bias")).values(), spec.output_size);
}

/// The scratch of each thread for quantized rows.
class QuantizedWorkspace final : public Workspace {
 public:
  /// `rows` of each of the threads.
  QuantizedWorkspace(const Int8Matrix& matrix, std::int64_t rows, int threads)
      : rows_(rows),
        stride_(row_bytes(*matrix.dot, matrix.columns)),
        bytes_(threads * rows * stride_),
        scales_(threads * rows) {}

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return sizeof(*this) + bytes_.bytes() + scales_.bytes();
  }

  [[nodiscard]] QuantizedRows of(int thread) const noexcept {
    return {bytes_.data() + thread * rows_ * stride_, stride_, scales_.data() + thread * rows_};
  }

 private:
  std::int64_t rows_;
  std::int64_t stride_;
  Aligned<std::int8_t> bytes_;
  AlignedFloats scales_;
};

/// The panel of the weights. In int8, if it has but one block, without vectors that are padding.
PanelShape weight_panel(const DenseSpec& spec, const WeightFormat& format) {
  PanelShape panel = output_panel(spec.output_size, spec.input_size, format.width);
  if (format.precision == Precision::int8) {
    panel.vectors = std::min(panel.vectors, ceil_div(spec.output_size, format.width));
  }
  return panel;
}

class DenseLayer final : public Layer {
 public:
  DenseLayer(const Kernels& kernels, const Int8Dot& dot, const DenseSpec& spec,
             const Weights& weights, const LayerOptions& options)
      : run_(matrix_kernels(kernels, options.precision).dense),
        activate_(kernels.activate),
        rows_at_once_(kernels.dense_rows),
        spec_(spec),
        options_(options),
        panel_{weight_panel(spec, {kernels.width, options.precision})},
        bias_(pack_dense_bias(spec, weights, kernels.width)) {
    const Float32View weight(find_weight(weights, "weight"));
    if (options.precision == Precision::int8) {
      int8_ = pack_int8_outputs(dot, panel_, weight.values(), spec.output_size);
      return;
    }
    weight_ = pack_output_matrix(panel_, weight.values(), spec.output_size, options.precision);
    panel_.data = data_of(weight_);
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    if (!int8_) return std::make_unique<NoWorkspace>();
    return std::make_unique<QuantizedWorkspace>(int8_->matrix, rows_at_once_, options_.threads);
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    const DenseJob job{.output_size = spec_.output_size,
                       .weight = panel_,
                       .bias = bias_.data(),
                       .int8 = int8_ ? &int8_->matrix : nullptr,
                       .activation = options_.activation ? &*options_.activation : nullptr,
                       .activate = activate_,
                       .x = args.x(),
                       .y = args.y};
    const int threads = threads_for(args.x());
    if (threads == 1) {  // small layers take less time than claiming a part
      run_part(job, workspace, {.thread = 0, .index = 0, .count = 1});
      return {};
    }
    const int parts = threads * kPartsPerThread;
    std::atomic<int> claimed{0};
    parallel(threads, [&](int thread, int) {
      for (int i; (i = claimed.fetch_add(1, std::memory_order_relaxed)) < parts;) {
        run_part(job, workspace, {.thread = thread, .index = i, .count = parts});
      }
    });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return bytes_of(weight_) + bias_.bytes() + (int8_ ? int8_->bytes() : 0);
  }

 private:
  /// Part `index` of `count` of the work, and the thread that does it.
  struct Part {
    int thread, index, count;
  };

  void run_part(DenseJob job, const Workspace& workspace, const Part& part) const noexcept {
    if (int8_) job.quantized = static_cast<const QuantizedWorkspace&>(workspace).of(part.thread);
    run_(job, part.index, part.count);
  }

  [[nodiscard]] int threads_for(const SequenceView<const float>& x) const noexcept {
    if (options_.exact_threads || options_.threads == 1) return options_.threads;
    return worthwhile_threads(options_.threads, step_seconds(spec_, x.steps * x.batch));
  }

  void (*run_)(const DenseJob& job, int index, int count);  ///< the kernel of the precision
  Activate activate_;
  std::int64_t rows_at_once_;
  DenseSpec spec_;
  LayerOptions options_;
  AnyPanel panel_;
  PackedMatrix weight_;
  std::optional<PackedInt8> int8_;  ///< instead of `weight_`
  AlignedFloats bias_;
};

}  // namespace

std::unique_ptr<Layer> make_dense_layer(const Kernels& kernels, const Int8Dot& dot,
                                        const DenseSpec& spec, const Weights& weights,
                                        const LayerOptions& options) {
  return std::make_unique<DenseLayer>(kernels, dot, spec, weights, options);
}

}  // namespace carousel::simd
