// SPDX-License-Identifier: Apache-2.0
#include "core/engine/aligned.hpp"
#include "core/engine/layers/convolution_layers.hpp"
#include "core/engine/layers/convolution_padding.hpp"

#include <algorithm>
#include <utility>

namespace carousel::layers {
namespace {

class FrameWorkspace final : public Workspace {
 public:
  FrameWorkspace(std::int64_t most_frames, std::int64_t line_floats,
                 std::unique_ptr<Workspace> of_kernel)
      : frames(most_frames), lines(most_frames * line_floats), kernel(std::move(of_kernel)) {}
  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return sizeof(*this) + lines.bytes() + kernel->memory_bytes();
  }

  std::int64_t frames;  ///< So many are convolved together.
  /// The positions of each frame, with what stands before, between and after them. What is zero
  /// there always is never written to.
  AlignedFloats lines;
  std::unique_ptr<Workspace> kernel;
};

/// Frames that stand equally far apart: [count, 1, features].
template <class T>
using Frames = SequenceView<T>;

/// Whether all frames of a sequence, step by step, stand equally far apart.
template <class T>
bool is_even(const SequenceView<T>& x) noexcept {
  return x.steps == 1 || x.batch == 1 || x.step_stride == x.batch * x.batch_stride;
}

/// All frames of an even sequence.
template <class T>
Frames<T> frames_of(const SequenceView<T>& x) noexcept {
  const std::int64_t stride = x.batch == 1 ? x.step_stride : x.batch_stride;
  return {x.data, x.steps * x.batch, 1, x.features, stride, stride};
}

class FrameConvolution final : public Layer {
 public:
  FrameConvolution(const ConvolutionSpec& spec, std::unique_ptr<ConvolutionKernel> kernel,
                   int threads)
      : spec_(spec),
        positions_(spec.output_positions(spec.length)),
        rows_(kRowsPerThread * threads),
        in_place_(!spec.transposed && spec.pad_begin == 0 && spec.pad_end == 0),
        kernel_(std::move(kernel)) {}

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions& o) const override {
    const std::int64_t most = std::max<std::int64_t>(o.batch * o.max_steps, 1);
    const std::int64_t frames = std::clamp<std::int64_t>(rows_ / positions_, 1, most);
    return std::make_unique<FrameWorkspace>(
        frames, in_place_ ? 0 : line_floats(),
        kernel_->workspace({.batch = positions_, .max_steps = frames}));
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    auto& scratch = static_cast<FrameWorkspace&>(workspace);
    if (is_even(args.x()) && is_even(args.y)) {
      return run(frames_of(args.x()), frames_of(args.y), scratch);
    }
    for (std::int64_t t = 0; t < args.y.steps; ++t) {
      if (Status status =
              run(frames_of(args.x().slice(t, 1)), frames_of(args.y.slice(t, 1)), scratch);
          !status) {
        return status;
      }
    }
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return kernel_->memory_bytes();
  }

 private:
  /// Enough rows of the dense layer that its tiles are full, and few enough that what is copied
  /// stays in the cache.
  static constexpr std::int64_t kRowsPerThread = 256;

  [[nodiscard]] std::int64_t line_floats() const noexcept {
    const std::int64_t positions = spec_.transposed
                                       ? positions_ + spec_.span() - 1
                                       : spec_.pad_begin + spec_.length + spec_.pad_end;
    return positions * spec_.in_channels;
  }

  Status run(const Frames<const float>& x, const Frames<float>& y,
             FrameWorkspace& scratch) const noexcept {
    for (std::int64_t first = 0; first < y.steps; first += scratch.frames) {
      const std::int64_t count = std::min(scratch.frames, y.steps - first);
      const SequenceView<float> out{y.row(first, 0),    count,         positions_,
                                    spec_.out_channels, y.step_stride, spec_.out_channels};
      const auto windows = prepare_windows(x.slice(first, count), scratch);
      if (Status status = kernel_->run(windows, out, *scratch.kernel); !status) return status;
    }
    return {};
  }

  [[nodiscard]] SequenceView<const float> prepare_windows(const Frames<const float>& x,
                                                          FrameWorkspace& scratch) const noexcept {
    for (std::int64_t f = 0; !in_place_ && f < x.steps; ++f) {
      float* line = scratch.lines.data() + f * line_floats();
      if (spec_.transposed) {
        spread(x.row(f, 0), line);
      } else {
        pad(x.row(f, 0), line);
      }
    }
    return {.data = in_place_ ? x.data : scratch.lines.data(),
            .steps = x.steps,
            .batch = positions_,
            .features = spec_.in_channels,
            .step_stride = in_place_ ? x.step_stride : line_floats(),
            .batch_stride = (spec_.transposed ? 1 : spec_.stride) * spec_.in_channels};
  }

  void pad(const float* x, float* data) const noexcept {
    const PaddedLine line{.data = data,
                          .channels = spec_.in_channels,
                          .before = spec_.pad_begin,
                          .count = spec_.length,
                          .after = spec_.pad_end};
    std::copy_n(x, spec_.length * spec_.in_channels, line.at(line.before));
    if (spec_.padding != PaddingMode::zeros) fill_padding(line, spec_.padding);
  }

  /// A transposed convolution is one with stride 1 of positions that stand `stride` apart, with
  /// zeros between them.
  void spread(const float* x, float* line) const noexcept {
    const std::int64_t begin = spec_.span() - 1 - spec_.pad_begin;
    const std::int64_t end = positions_ + spec_.span() - 1;
    for (std::int64_t i = 0; i < spec_.length; ++i) {
      const std::int64_t at = begin + i * spec_.stride;
      if (at < 0 || at >= end) continue;
      std::copy_n(x + i * spec_.in_channels, spec_.in_channels, line + at * spec_.in_channels);
    }
  }

  ConvolutionSpec spec_;
  std::int64_t positions_;  ///< That come out.
  std::int64_t rows_;
  bool in_place_;  ///< Windows of x are complete, and read where they are.
  std::unique_ptr<ConvolutionKernel> kernel_;
};

}  // namespace

std::unique_ptr<Layer> make_frame_convolution(const ConvolutionSpec& spec,
                                              std::unique_ptr<ConvolutionKernel> kernel,
                                              int threads) {
  return std::make_unique<FrameConvolution>(spec, std::move(kernel), threads);
}

}  // namespace carousel::layers
