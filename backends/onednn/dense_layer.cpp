// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/end_of_process.hpp"
#include "backends/onednn/execution.hpp"
#include "backends/onednn/layers.hpp"
#include "backends/onednn/scoped_threads.hpp"
#include "backends/onednn/staging.hpp"
#include "backends/onednn/step_counts.hpp"
#include "core/engine/float_env.hpp"

#include <algorithm>
#include <vector>

namespace carousel::onednn {
namespace {

/// Zeros if the layer has no bias.
std::vector<float> bias_or_zeros(const DenseSpec& spec, const Weights& weights) {
  const Float32View bias(find_weight(weights, "bias"));
  std::vector<float> result(static_cast<std::size_t>(spec.output_size));
  std::ranges::copy(bias.values(), result.begin());
  return result;
}

/// The layer for a fixed number of steps of all rows.
class DensePrimitive {
 public:
  DensePrimitive(const DenseSpec& spec, std::int64_t steps, std::int64_t batch,
                 const PackedTensor& weight, const PackedTensor& bias)
      : steps_(steps) {
    const DenseDesc desc = describe_dense(spec, steps * batch);
    x_ = unbound(desc.src_desc());
    y_ = unbound(desc.dst_desc());
    execution_ = Execution(dnnl::inner_product_forward(desc), desc.scratchpad_desc());
    execution_.add(DNNL_ARG_SRC, x_);
    execution_.add(DNNL_ARG_DST, y_);
    execution_.add(DNNL_ARG_WEIGHTS, weight.as(desc.weights_desc()));
    execution_.add(DNNL_ARG_BIAS, bias.as(desc.bias_desc()));
  }

  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }
  [[nodiscard]] Execution& execution() noexcept { return execution_; }

  /// Returns whether oneDNN reported success.
  [[nodiscard]] bool run(const dnnl::stream& stream, const float* x, float* y) noexcept {
    return set_pointer(x_, x) && set_pointer(y_, y) && execution_.run(stream);
  }

 private:
  std::int64_t steps_;
  Execution execution_;
  dnnl::memory x_, y_;
};

class DenseWorkspace final : public Workspace {
 public:
  DenseWorkspace(const DenseSpec& spec, const PackedTensor& weight, const PackedTensor& bias,
                 const WorkspaceOptions& options)
      : stream_(cpu_engine()),
        primitives_(1),
        staging_(std::min(options.max_steps, kLongestRun), options.batch, spec.input_size,
                 spec.output_size) {
    if (options.batch == 0) return;
    for (const std::int64_t steps : step_counts(options.max_steps)) {
      primitives_[0].emplace_back(spec, steps, options.batch, weight, bias);
    }
    scratchpad_ = share_scratchpad(primitives_);
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return scratchpad_.bytes() + staging_.bytes();
  }

  [[nodiscard]] Status forward(const ForwardArgs& args) noexcept {
    std::int64_t begin = 0;
    while (begin < args.x().steps) {
      DensePrimitive& primitive = largest_fitting(primitives_[0], args.x().steps - begin);
      if (!run_chunk(args, primitive, begin)) {
        return Status::failure("oneDNN could not execute its inner product primitive");
      }
      begin += primitive.steps();
    }
    return {};
  }

 private:
  [[nodiscard]] bool run_chunk(const ForwardArgs& args, DensePrimitive& primitive,
                               std::int64_t begin) noexcept {
    const SequenceView<const float> x = staging_.input(args.x().slice(begin, primitive.steps()));
    const SequenceView<float> y = args.y.slice(begin, primitive.steps());
    const SequenceView<float> out = staging_.output(y);
    if (!primitive.run(stream_, x.data, out.data)) return false;
    if (out.data != y.data) copy_sequence(out, y);
    return true;
  }

  dnnl::stream stream_;
  std::vector<std::vector<DensePrimitive>> primitives_;  ///< One group, most steps first.
  AlignedFloats scratchpad_;
  Staging staging_;
};

class DenseLayer final : public Layer {
 public:
  DenseLayer(const DenseSpec& spec, const Weights& weights, const LayerOptions& options)
      : spec_(spec),
        threads_(options.threads),
        weight_(Desc({spec.output_size, spec.input_size}, kFloat, Tag::oi),
                Float32View(find_weight(weights, "weight")).values()),
        bias_(Desc({spec.output_size}, kFloat, Tag::a), bias_or_zeros(spec, weights)) {
    const ScopedThreads threads(threads_);
    const std::int64_t rows = std::max<std::int64_t>(options.steps * options.batch, 1);
    (void)weight_.as(describe_dense(spec, rows).weights_desc());
    warm_up(std::max<std::int64_t>(options.batch, 1));
    watch_for_end_of_process();
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(
      const WorkspaceOptions& options) const override {
    require_process_goes_on();
    const ScopedThreads threads(threads_);
    return translate_errors("primitives of " + describe(spec_), [&] {
      return std::make_unique<DenseWorkspace>(spec_, weight_, bias_, options);
    });
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    if (args.x().steps == 0 || args.x().batch == 0) return {};
    if (process_ends()) return refusal_at_end_of_process();
    const ScopedThreads threads(threads_);
    return static_cast<DenseWorkspace&>(workspace).forward(args);
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return weight_.bytes() + bias_.bytes();
  }

 private:
  /// Runs some steps of zeros, as the recurrent layers do and for the same reason.
  void warm_up(std::int64_t batch) const {
    const FlushDenormals flush;
    DenseWorkspace workspace(spec_, weight_, bias_, {.batch = batch, .max_steps = kStepsToWarmUp});
    const std::vector<float> x(static_cast<std::size_t>(kStepsToWarmUp * batch * spec_.input_size));
    std::vector<float> y(static_cast<std::size_t>(kStepsToWarmUp * batch * spec_.output_size));
    const auto steps = steps_first<const float>(x.data(), kStepsToWarmUp, batch, spec_.input_size);
    (void)workspace.forward({.inputs = {&steps, 1},
                             .y = steps_first(y.data(), kStepsToWarmUp, batch, spec_.output_size)});
  }

  DenseSpec spec_;
  int threads_;
  PackedTensor weight_;
  PackedTensor bias_;
};

}  // namespace

DenseDesc describe_dense(const DenseSpec& spec, std::int64_t rows) {
  return describe_primitive<dnnl::inner_product_forward>(
      cpu_engine(), Desc({rows, spec.input_size}, kFloat, Tag::nc),
      Desc({spec.output_size, spec.input_size}, kFloat, Tag::any),
      Desc({spec.output_size}, kFloat, Tag::a), Desc({rows, spec.output_size}, kFloat, Tag::nc));
}

std::unique_ptr<Layer> make_dense_layer(const DenseSpec& spec, const Weights& weights,
                                        const LayerOptions& options) {
  require_process_goes_on();
  return std::make_unique<DenseLayer>(spec, weights, options);
}

}  // namespace carousel::onednn
