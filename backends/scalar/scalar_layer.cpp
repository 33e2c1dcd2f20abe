// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/scalar_layer.hpp"

#include "backends/scalar/cells.hpp"

#include <algorithm>

namespace carousel::scalar {

class ScalarWorkspace final : public Workspace {
 public:
  explicit ScalarWorkspace(const LayerSpec& spec)
      : gates(static_cast<std::size_t>(spec.gates() * spec.hidden_size)),
        hidden(static_cast<std::size_t>(spec.hidden_size)) {}

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return sizeof(*this) + (gates.size() + hidden.size()) * sizeof(float);
  }

  std::vector<float> gates;   // [G*H]: of one step of one row
  std::vector<float> hidden;  // [H]: h before the projection, or r ∘ h
};

namespace {

/// y = W x + b
void linear(const LayerSpec& spec, const Weights& w, const float* x, float* y) {
  for (std::int64_t j = 0; j < spec.hidden_size; ++j) y[j] = from_input(w, j, x, spec.input_size);
}

/// Where the state of a row begins; null where the cell has none.
float* row_of(float* state, std::int64_t row, std::int64_t width) {
  return state == nullptr ? nullptr : state + row * width;
}

}  // namespace

ScalarLayer::ScalarLayer(const LayerSpec& spec, const LayerWeights& weights) : spec_(spec) {
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    weights_[d] = Weights(spec, weights[d]);
  }
}

std::unique_ptr<Workspace> ScalarLayer::workspace(const WorkspaceOptions&) const {
  return std::make_unique<ScalarWorkspace>(spec_);
}

Status ScalarLayer::forward(const ForwardArgs& args, Workspace& workspace) const noexcept {
  auto& scratch = static_cast<ScalarWorkspace&>(workspace);
  for (std::int64_t row = 0; row < args.x.batch; ++row) {
    for (std::size_t d = 0; d < static_cast<std::size_t>(spec_.directions()); ++d) {
      run_row(args, row, d, scratch);
    }
  }
  return {};
}

std::size_t ScalarLayer::memory_bytes() const noexcept {
  return weights_[0].bytes() + weights_[1].bytes();
}

void ScalarLayer::run_row(const ForwardArgs& args, std::int64_t row, std::size_t direction,
                          ScalarWorkspace& workspace) const noexcept {
  const std::int64_t width = spec_.state_size();
  const std::int64_t column = static_cast<std::int64_t>(direction) * width;
  const std::int64_t steps = args.lengths == nullptr ? args.x.steps : args.lengths[row];
  const bool backwards = spec_.direction == Direction::reverse || direction == 1;
  float* h = row_of(args.h[direction], row, width);
  float* c = row_of(args.c[direction], row, spec_.hidden_size);
  for (std::int64_t s = 0; s < steps; ++s) {
    const std::int64_t t = backwards ? steps - 1 - s : s;
    run_step(args.x.row(t, row), args.y.row(t, row) + column, h, c, direction, workspace);
  }
  for (std::int64_t t = steps; t < args.y.steps; ++t) {
    std::fill_n(args.y.row(t, row) + column, width, 0.0F);
  }
}

void ScalarLayer::run_step(const float* x, float* y, float* h, float* c, std::size_t direction,
                           ScalarWorkspace& workspace) const noexcept {
  const Weights& w = weights_[direction];
  const StepContext context{spec_, spec_.activations[direction], w, workspace.gates.data(),
                            workspace.hidden.data()};
  switch (spec_.cell) {
    case Cell::lstm: lstm_step(context, x, h, c); break;
    case Cell::gru: gru_step(context, x, h); break;
    case Cell::rnn: rnn_step(context, x, h); break;
    case Cell::linear: linear(spec_, w, x, y); return;
  }
  std::copy_n(h, spec_.state_size(), y);
}

}  // namespace carousel::scalar
