// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/rnn_workspace.hpp"

#include "backends/onednn/step_counts.hpp"

#include <algorithm>

namespace carousel::onednn {
namespace {

void copy_rows(const float* from, float* to, std::int64_t width,
               std::span<const std::int64_t> rows) noexcept {
  for (const std::int64_t row : rows) std::copy_n(from + row * width, width, to + row * width);
}

}  // namespace

RnnWorkspace::RnnWorkspace(const RecurrentSpec& spec, const std::deque<RnnWeights>& weights,
                           const WorkspaceOptions& options)
    : spec_(spec),
      stream_(cpu_engine()),
      staging_(std::min(options.max_steps, kLongestRun), options.batch, spec.input_size,
               spec.output_size()),
      rows_(options.batch) {
  for (std::size_t k = 0; k < spec.state_count(); ++k) {
    widths_.push_back(states(spec)[k].size);
    for (States& buffers : states_) buffers.emplace_back(options.batch * widths_[k]);
  }
  if (options.batch == 0) return;
  for (std::size_t d = 0; d < weights.size(); ++d) {
    auto& of_direction = primitives_.emplace_back();
    for (const std::int64_t steps : step_counts(options.max_steps)) {
      of_direction.emplace_back(spec, d, steps, options.batch, weights[d]);
    }
  }
  scratchpad_ = share_scratchpad(primitives_);
}

std::size_t RnnWorkspace::memory_bytes() const noexcept {
  std::size_t total = scratchpad_.bytes() + staging_.bytes();
  for (const States& buffers : states_) {
    for (const AlignedFloats& state : buffers) total += state.bytes();
  }
  return total;
}

Status RnnWorkspace::forward(const ForwardArgs& args) noexcept {
  rows_.assign(args.lengths, args.x().steps);
  for (std::size_t d = 0; d < primitives_.size(); ++d) {
    load_all(args, d);
    const bool ok = is_reverse(spec_, d) ? run_right_to_left(args, d) : run_left_to_right(args);
    if (!ok) return Status::failure("oneDNN could not execute its recurrent primitive");
  }
  if (args.lengths != nullptr) zero_past_lengths(args.y, args.lengths);
  return {};
}

// oneDNN knows no lengths: every row runs through every step up to the longest length. A row that
// has ended runs on over what follows in x; its state is taken where it ends, and what is written
// to y after that is set to zero in the end.
bool RnnWorkspace::run_left_to_right(const ForwardArgs& args) noexcept {
  std::int64_t begin = 0;
  for (const auto& [rows, length] : rows_.groups()) {
    if (!run_steps(args, 0, begin, length)) return false;
    store(args, 0, rows);
    begin = length;
  }
  return true;
}

// From the end of the longest row to the left: shorter rows run along, and get their real initial
// state where they begin.
bool RnnWorkspace::run_right_to_left(const ForwardArgs& args, std::size_t direction) noexcept {
  const auto groups = rows_.groups();
  for (std::size_t g = groups.size(); g-- > 0;) {
    load(args, direction, groups[g].rows);
    const std::int64_t begin = g == 0 ? 0 : groups[g - 1].length;
    if (!run_steps(args, direction, begin, groups[g].length)) return false;
  }
  for (const auto& group : groups) store(args, direction, group.rows);
  return true;
}

bool RnnWorkspace::run_steps(const ForwardArgs& args, std::size_t direction, std::int64_t begin,
                             std::int64_t end) noexcept {
  while (begin < end) {
    RnnPrimitive& primitive = largest_fitting(primitives_[direction], end - begin);
    if (is_reverse(spec_, direction)) {
      end -= primitive.steps();
      if (!run_chunk(args, direction, primitive, end)) return false;
    } else {
      if (!run_chunk(args, direction, primitive, begin)) return false;
      begin += primitive.steps();
    }
  }
  return true;
}

bool RnnWorkspace::run_chunk(const ForwardArgs& args, std::size_t direction,
                             RnnPrimitive& primitive, std::int64_t begin) noexcept {
  const std::int64_t width = spec_.state_size();
  const std::int64_t column = static_cast<std::int64_t>(direction) * width;
  const SequenceView<const float> x = staging_.input(args.x().slice(begin, primitive.steps()));
  const SequenceView<float> y = args.y.slice(begin, primitive.steps());
  const SequenceView<float> out = staging_.output(y);
  const RnnBuffers buffers{x.data, out.data + column, states_[now_], states_[1 - now_]};
  if (!primitive.run(stream_, buffers)) return false;
  now_ = 1 - now_;
  if (out.data != y.data) copy_sequence(columns(out, column, width), columns(y, column, width));
  return true;
}

void RnnWorkspace::load_all(const ForwardArgs& args, std::size_t direction) noexcept {
  for (std::size_t k = 0; k < widths_.size(); ++k) {
    const AlignedFloats& state = states_[now_][k];
    std::copy_n(state_of(args, direction, k), state.size(), state.data());
  }
}

void RnnWorkspace::load(const ForwardArgs& args, std::size_t direction,
                        std::span<const std::int64_t> rows) noexcept {
  for (std::size_t k = 0; k < widths_.size(); ++k) {
    copy_rows(state_of(args, direction, k), states_[now_][k].data(), widths_[k], rows);
  }
}

void RnnWorkspace::store(const ForwardArgs& args, std::size_t direction,
                         std::span<const std::int64_t> rows) noexcept {
  for (std::size_t k = 0; k < widths_.size(); ++k) {
    copy_rows(states_[now_][k].data(), state_of(args, direction, k), widths_[k], rows);
  }
}

}  // namespace carousel::onednn
