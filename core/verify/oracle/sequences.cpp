// SPDX-License-Identifier: Apache-2.0
// Layers that look at several steps: convolutions, and those that change the number of steps.
#include "core/verify/oracle/convolution.hpp"
#include "core/verify/oracle/operations.hpp"
#include "core/verify/oracle/run.hpp"

namespace carousel::oracle {
namespace {

using Frame = std::vector<Number>;
using Positions = Convolution::Positions;

/// The positions of a frame, [count][channels].
Positions split(const Frame& frame, std::int64_t channels) {
  Positions positions;
  for (std::size_t k = 0; k < frame.size(); k += size_of(channels)) {
    const auto first = frame.begin() + static_cast<std::ptrdiff_t>(k);
    positions.emplace_back(first, first + channels);
  }
  return positions;
}

Frame join(std::span<const Frame> positions) {
  Frame frame;
  for (const Frame& position : positions) {
    frame.insert(frame.end(), position.begin(), position.end());
  }
  return frame;
}

void convolve_frames(const Run& run, const ConvolutionSpec& spec, const Convolution& convolution) {
  for (std::int64_t row = 0; row < run.x().batch; ++row) {
    for (std::int64_t step = 0; step < run.x().steps; ++step) {
      const Positions y = convolution(split(get(run.x(), step, row), spec.in_channels));
      put(run.result.y, step, row, 0, join(y));
    }
  }
}

/// The history of a row becomes the end of what it has really been given.
void convolve_steps(const Run& run, const ConvolutionSpec& spec, const Convolution& convolution,
                    std::int64_t row) {
  const bool remembers = !run.result.state.empty();
  Positions x;
  if (remembers) x = split(get(run.result.state.front(), 0, row), spec.in_channels);
  const std::size_t history = x.size();
  for (std::int64_t step = 0; step < run.x().steps; ++step) x.push_back(get(run.x(), step, row));
  const Positions y = convolution(x);
  for (std::size_t k = 0; k < y.size(); ++k) {
    put(run.result.y, static_cast<std::int64_t>(k), row, 0, y[k]);
  }
  if (!remembers) return;
  const auto end = std::span(x).subspan(size_of(run.length(row)), history);
  put(run.result.state.front(), 0, row, 0, join(end));
}

}  // namespace

void run_kind(const Run& run, const ConvolutionSpec& spec) {
  const Convolution convolution(spec, run.layer.weights, run.options.errors);
  if (!spec.along_time()) {
    convolve_frames(run, spec, convolution);
    return;
  }
  for (std::int64_t row = 0; row < run.x().batch; ++row) {
    convolve_steps(run, spec, convolution, row);
  }
}

void run_kind(const Run& run, const ReduceStepsSpec& spec) {
  for (std::int64_t row = 0; row < run.x().batch; ++row) {
    const std::int64_t steps = spec.lengths ? run.length(row) : run.x().steps;
    std::vector<Frame> features(size_of(spec.size));
    for (std::int64_t step = 0; step < steps; ++step) {
      const Frame frame = get(run.x(), step, row);
      for (std::size_t k = 0; k < frame.size(); ++k) features[k].push_back(frame[k]);
    }
    Frame y;
    for (const Frame& feature : features) {
      y.push_back(feature.empty() ? Number() : reduce(spec.operation, feature, run.options.errors));
    }
    put(run.result.y, 0, row, 0, y);
  }
}

void run_kind(const Run& run, const SelectStepsSpec& spec) {
  for (std::int64_t row = 0; row < run.x().batch; ++row) {
    const SelectedSteps taken = select(spec, spec.lengths ? run.length(row) : run.x().steps);
    for (std::int64_t k = 0; k < std::min(taken.count, run.result.y.steps); ++k) {
      put(run.result.y, k, row, 0, get(run.x(), taken.first + k * spec.stride, row));
    }
  }
}

void run_kind(const Run& run, const RepeatStepsSpec& spec) {
  for (std::int64_t row = 0; row < run.x().batch; ++row) {
    for (std::int64_t k = 0; k < run.result.y.steps; ++k) {
      put(run.result.y, k, row, 0, get(run.x(), k / spec.count, row));
    }
  }
}

}  // namespace carousel::oracle
