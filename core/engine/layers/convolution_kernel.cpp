// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/convolution_kernel.hpp"

#include "core/engine/aligned.hpp"
#include "core/engine/layers/common_layer.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace carousel::layers {
namespace {

/// The weights of a convolution, in whatever order they are stored.
class KernelWeights {
 public:
  KernelWeights(const ConvolutionSpec& spec, const Weights& weights)
      : spec_(spec),
        inputs_(spec.in_channels / spec.groups),
        outputs_(spec.out_channels / spec.groups),
        values_(weights.at("weight").to_float32()) {
    if (spec.bias) bias_ = weights.at("bias").to_float32();
  }

  /// The weight of input `i` at position `k` of a window, for output `o` of a group.
  [[nodiscard]] float at(std::int64_t group, std::int64_t o, std::int64_t i, std::int64_t k) const {
    const std::int64_t last = spec_.kernel_size - 1;
    const std::int64_t index =
        spec_.transposed ? ((group * inputs_ + i) * outputs_ + o) * spec_.kernel_size + (last - k)
                         : ((group * outputs_ + o) * inputs_ + i) * spec_.kernel_size + k;
    return values_[static_cast<std::size_t>(index)];
  }

  /// Those of a group as a dense layer has them, whose inputs are [kernel_size, inputs].
  [[nodiscard]] Weights dense(std::int64_t group) const {
    std::vector<float> matrix;
    matrix.reserve(values_.size() / static_cast<std::size_t>(spec_.groups));
    for (std::int64_t o = 0; o < outputs_; ++o) {
      for (std::int64_t k = 0; k < spec_.kernel_size; ++k) {
        for (std::int64_t i = 0; i < inputs_; ++i) matrix.push_back(at(group, o, i, k));
      }
    }
    Weights weights;
    weights.emplace("weight", Tensor({outputs_, spec_.kernel_size * inputs_}, matrix));
    if (spec_.bias) weights.emplace("bias", Tensor({outputs_}, bias(group)));
    return weights;
  }

  [[nodiscard]] std::vector<float> bias(std::int64_t group) const {
    const auto first = bias_.begin() + group * outputs_;
    return {first, first + outputs_};
  }

 private:
  const ConvolutionSpec& spec_;
  std::int64_t inputs_, outputs_;  ///< Of a group.
  std::vector<float> values_, bias_;
};

/// Windows are contiguous, and the dense layer reads them where they are.
class DenseKernel final : public ConvolutionKernel {
 public:
  DenseKernel(std::unique_ptr<Layer> dense, std::int64_t features)
      : dense_(std::move(dense)), features_(features) {}

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions& o) const override {
    return dense_->workspace(o);
  }

  Status run(const SequenceView<const float>& windows, const SequenceView<float>& y,
             Workspace& workspace) const noexcept override {
    SequenceView<const float> x = windows;
    x.features = features_;
    return dense_->forward({.inputs = {&x, 1}, .y = y}, workspace);
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return dense_->memory_bytes();
  }

 private:
  std::unique_ptr<Layer> dense_;
  std::int64_t features_;
};

/// Some gathered windows of a group, and the scratch of each group's dense layer.
class GatherWorkspace final : public Workspace {
 public:
  GatherWorkspace(const std::vector<std::unique_ptr<Layer>>& groups, const WorkspaceOptions& o,
                  std::int64_t features)
      : steps(std::min(std::max<std::int64_t>(kRows / std::max<std::int64_t>(o.batch, 1), 1),
                       o.max_steps)),
        windows(steps * o.batch * features) {
    for (const auto& group : groups) {
      dense.push_back(group->workspace({.batch = o.batch, .max_steps = steps}));
    }
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    std::size_t bytes = sizeof(*this) + windows.bytes();
    for (const auto& one : dense) bytes += one->memory_bytes();
    return bytes;
  }

  std::int64_t steps;  ///< Of so many the windows are gathered together.
  AlignedFloats windows;
  std::vector<std::unique_ptr<Workspace>> dense;

 private:
  /// Enough that a dense layer's tiles are full, and few enough to stay in the cache.
  static constexpr std::int64_t kRows = 128;
};

/// Windows that are not contiguous, since they are dilated or a group has only some of the
/// channels, are gathered before each group's dense layer reads them.
class GatherKernel final : public ConvolutionKernel {
 public:
  GatherKernel(const ConvolutionSpec& spec, std::vector<std::unique_ptr<Layer>> groups)
      : spec_(spec), groups_(std::move(groups)) {}

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions& o) const override {
    return std::make_unique<GatherWorkspace>(groups_, o, dense_spec(spec_).input_size);
  }

  Status run(const SequenceView<const float>& windows, const SequenceView<float>& y,
             Workspace& workspace) const noexcept override {
    auto& scratch = static_cast<GatherWorkspace&>(workspace);
    for (std::int64_t first = 0; first < y.steps; first += scratch.steps) {
      const std::int64_t count = std::min(scratch.steps, y.steps - first);
      if (Status status = run_groups(windows.slice(first, count), y.slice(first, count), scratch);
          !status) {
        return status;
      }
    }
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    std::size_t bytes = 0;
    for (const auto& group : groups_) bytes += group->memory_bytes();
    return bytes;
  }

 private:
  Status run_groups(const SequenceView<const float>& windows, const SequenceView<float>& y,
                    GatherWorkspace& scratch) const noexcept {
    const DenseSpec dense = dense_spec(spec_);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const auto group = static_cast<std::int64_t>(g);
      gather(windows, group, scratch.windows.data());
      const SequenceView<const float> x = steps_first<const float>(
          scratch.windows.data(), windows.steps, windows.batch, dense.input_size);
      SequenceView<float> part = y;
      part.data += group * dense.output_size;
      part.features = dense.output_size;
      if (Status status = groups_[g]->forward({.inputs = {&x, 1}, .y = part}, *scratch.dense[g]);
          !status) {
        return status;
      }
    }
    return {};
  }

  void gather(const SequenceView<const float>& windows, std::int64_t group,
              float* to) const noexcept {
    const std::int64_t inputs = spec_.in_channels / spec_.groups;
    for (std::int64_t t = 0; t < windows.steps; ++t) {
      for (std::int64_t b = 0; b < windows.batch; ++b) {
        const float* from = windows.row(t, b) + group * inputs;
        for (std::int64_t k = 0; k < spec_.kernel_size; ++k) {
          to = std::copy_n(from + k * spec_.dilation * spec_.in_channels, inputs, to);
        }
      }
    }
  }

  ConvolutionSpec spec_;
  std::vector<std::unique_ptr<Layer>> groups_;
};

/// Each channel by itself: all channels of a position side by side, positions in ascending order.
class DepthwiseKernel final : public ConvolutionKernel {
 public:
  DepthwiseKernel(const ConvolutionSpec& spec, const KernelWeights& weights)
      : channels_(spec.in_channels),
        kernel_size_(spec.kernel_size),
        dilation_(spec.dilation),
        bias_(static_cast<std::size_t>(channels_)) {
    for (std::int64_t k = 0; k < kernel_size_; ++k) {
      for (std::int64_t c = 0; c < channels_; ++c) weight_.push_back(weights.at(c, 0, 0, k));
    }
    for (std::int64_t c = 0; spec.bias && c < channels_; ++c) {
      bias_[static_cast<std::size_t>(c)] = weights.bias(c).front();
    }
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<NoWorkspace>();
  }

  Status run(const SequenceView<const float>& windows, const SequenceView<float>& y,
             Workspace&) const noexcept override {
    for (std::int64_t t = 0; t < y.steps; ++t) {
      for (std::int64_t b = 0; b < y.batch; ++b) run_window(windows.row(t, b), y.row(t, b));
    }
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return (weight_.size() + bias_.size()) * sizeof(float);
  }

 private:
  void run_window(const float* __restrict x, float* __restrict y) const noexcept {
    std::ranges::copy(bias_, y);
    for (std::int64_t k = 0; k < kernel_size_; ++k) {
      const float* __restrict from = x + k * dilation_ * channels_;
      const float* __restrict weight = weight_.data() + k * channels_;
      for (std::int64_t c = 0; c < channels_; ++c) y[c] += weight[c] * from[c];
    }
  }

  std::int64_t channels_, kernel_size_, dilation_;
  std::vector<float> weight_;  ///< [kernel_size, channels]
  std::vector<float> bias_;    ///< [channels]; zeros without bias
};

}  // namespace

std::unique_ptr<ConvolutionKernel> make_convolution_kernel(const Backend& backend,
                                                           const ConvolutionSpec& spec,
                                                           const Weights& weights,
                                                           const LayerOptions& options) {
  const KernelWeights values(spec, weights);
  if (spec.depthwise()) return std::make_unique<DepthwiseKernel>(spec, values);
  const DenseSpec dense = dense_spec(spec);
  std::vector<std::unique_ptr<Layer>> groups;
  for (std::int64_t g = 0; g < spec.groups; ++g) {
    groups.push_back(backend.prepare(dense, values.dense(g), options));
  }
  const bool contiguous = spec.groups == 1 && (spec.dilation == 1 || spec.kernel_size == 1);
  if (contiguous) {
    return std::make_unique<DenseKernel>(std::move(groups.front()), dense.input_size);
  }
  return std::make_unique<GatherKernel>(spec, std::move(groups));
}

}  // namespace carousel::layers
