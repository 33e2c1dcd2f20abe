// SPDX-License-Identifier: Apache-2.0
#include "core/engine/aligned.hpp"
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/convolution_layers.hpp"
#include "core/engine/layers/convolution_padding.hpp"
#include "core/model/element_count.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

namespace carousel::layers {
namespace {

class TimeWorkspace final : public Workspace {
 public:
  TimeWorkspace(std::int64_t floats, std::unique_ptr<Workspace> of_kernel)
      : lines(floats), kernel(std::move(of_kernel)) {}
  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return sizeof(*this) + lines.bytes() + kernel->memory_bytes();
  }

  AlignedFloats lines;  ///< The steps of each row, with what stands before and after them.
  std::unique_ptr<Workspace> kernel;
};

class TimeConvolution final : public Layer {
 public:
  TimeConvolution(const ConvolutionSpec& spec, std::unique_ptr<ConvolutionKernel> kernel)
      : spec_(spec), kernel_(std::move(kernel)) {}

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions& o) const override {
    const std::int64_t steps = std::max<std::int64_t>(spec_.output_positions(o.max_steps), 1);
    const std::optional<std::int64_t> lines = checked_multiply(o.batch, line_floats(o.max_steps));
    if (!lines) throw std::bad_alloc();
    return std::make_unique<TimeWorkspace>(
        *lines, kernel_->workspace({.batch = o.batch, .max_steps = steps}));
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    if (args.y.batch == 0) return {};
    auto& scratch = static_cast<TimeWorkspace&>(workspace);
    const bool copied = !reads_in_place(args.x());
    if (copied) fill_lines(args, scratch.lines.data());
    if (args.y.steps > 0) {
      const auto windows = copied ? windows_of_lines(args, scratch.lines.data()) : windows_of(args);
      if (Status status = kernel_->run(windows, args.y, *scratch.kernel); !status) return status;
    }
    if (!args.states.empty()) keep_history(args, scratch.lines.data());
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return kernel_->memory_bytes();
  }

 private:
  [[nodiscard]] std::int64_t line_floats(std::int64_t steps) const noexcept {
    return (spec_.pad_begin + steps + spec_.pad_end) * spec_.in_channels;
  }

  /// Whether windows of x are contiguous and complete.
  [[nodiscard]] bool reads_in_place(const SequenceView<const float>& x) const noexcept {
    const bool contiguous = spec_.kernel_size == 1 || x.step_stride == spec_.in_channels;
    return contiguous && spec_.pad_begin == 0 && spec_.pad_end == 0;
  }

  void fill_lines(const ForwardArgs& args, float* lines) const noexcept {
    const SequenceView<const float>& x = args.x();
    for (std::int64_t b = 0; b < x.batch; ++b) {
      const PaddedLine line{.data = lines + b * line_floats(x.steps),
                            .channels = spec_.in_channels,
                            .before = spec_.pad_begin,
                            .count = x.steps,
                            .after = spec_.pad_end};
      for (std::int64_t t = 0; t < x.steps; ++t) {
        std::copy_n(x.row(t, b), line.channels, line.at(line.before + t));
      }
      if (!args.states.empty()) {
        const std::int64_t history = line.before * line.channels;
        std::copy_n(args.states.front() + b * history, history, line.data);
      } else {
        fill_padding(line, spec_.padding);
      }
    }
  }

  /// The end of what each row has really been given.
  void keep_history(const ForwardArgs& args, const float* lines) const noexcept {
    const std::int64_t history = spec_.pad_begin * spec_.in_channels;
    for (std::int64_t b = 0; b < args.x().batch; ++b) {
      const float* line = lines + b * line_floats(args.x().steps);
      std::copy_n(line + real_steps(args, b) * spec_.in_channels, history,
                  args.states.front() + b * history);
    }
  }

  [[nodiscard]] SequenceView<const float> windows_of_lines(const ForwardArgs& args,
                                                           const float* lines) const noexcept {
    return {.data = lines,
            .steps = args.y.steps,
            .batch = args.y.batch,
            .features = spec_.in_channels,
            .step_stride = spec_.stride * spec_.in_channels,
            .batch_stride = line_floats(args.x().steps)};
  }

  [[nodiscard]] SequenceView<const float> windows_of(const ForwardArgs& args) const noexcept {
    SequenceView<const float> windows = args.x();
    windows.steps = args.y.steps;
    windows.step_stride *= spec_.stride;
    return windows;
  }

  ConvolutionSpec spec_;
  std::unique_ptr<ConvolutionKernel> kernel_;
};

}  // namespace

std::unique_ptr<Layer> make_time_convolution(const ConvolutionSpec& spec,
                                             std::unique_ptr<ConvolutionKernel> kernel) {
  return std::make_unique<TimeConvolution>(spec, std::move(kernel));
}

}  // namespace carousel::layers
