// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/cells.hpp"
#include "backends/scalar/layers.hpp"

#include <algorithm>
#include <vector>

namespace carousel::scalar {
namespace {

class RecurrentWorkspace final : public Workspace {
 public:
  explicit RecurrentWorkspace(const RecurrentSpec& spec)
      : gates(static_cast<std::size_t>(spec.gates() * spec.hidden_size)),
        hidden(static_cast<std::size_t>(spec.hidden_size)),
        quantized_x(static_cast<std::size_t>(spec.input_size)),
        quantized_h(static_cast<std::size_t>(spec.hidden_size)) {}

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return sizeof(*this) + (gates.size() + hidden.size()) * sizeof(float) + quantized_x.size() +
           quantized_h.size();
  }

  std::vector<float> gates;              ///< [G*H], of one step of one row.
  std::vector<float> hidden;             ///< [H]: h before the projection, or r ∘ h.
  std::vector<std::int8_t> quantized_x;  ///< [I]
  std::vector<std::int8_t> quantized_h;  ///< [H]: h, or what stands in its place.
};

class RecurrentLayer final : public Layer {
 public:
  RecurrentLayer(const RecurrentSpec& spec, const Weights& weights, Precision precision)
      : spec_(spec), states_(states(spec)) {
    for (std::size_t d = 0; d < directions(); ++d) {
      weights_.emplace_back(spec, RecurrentWeights(weights, d), precision);
    }
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<RecurrentWorkspace>(spec_);
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    auto& scratch = static_cast<RecurrentWorkspace&>(workspace);
    for (std::int64_t row = 0; row < args.y.batch; ++row) {
      for (std::size_t d = 0; d < directions(); ++d) run_row(args, row, d, scratch);
    }
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    std::size_t total = 0;
    for (const CellWeights& w : weights_) total += w.bytes();
    return total;
  }

 private:
  [[nodiscard]] std::size_t directions() const noexcept {
    return static_cast<std::size_t>(spec_.directions());
  }

  /// Where the states of one batch row begin.
  [[nodiscard]] States states_of(const ForwardArgs& args, std::int64_t row,
                                 std::size_t direction) const noexcept {
    States result{};
    for (std::size_t k = 0; k < spec_.state_count(); ++k) {
      const std::size_t index = direction * spec_.state_count() + k;
      result[k] = args.states[index] + row * states_[index].size;
    }
    return result;
  }

  /// One batch row in one direction, from the first to the last of its real steps.
  void run_row(const ForwardArgs& args, std::int64_t row, std::size_t direction,
               RecurrentWorkspace& scratch) const noexcept {
    const std::int64_t width = spec_.state_size();
    const std::int64_t column = static_cast<std::int64_t>(direction) * width;
    const std::int64_t steps = args.lengths == nullptr ? args.y.steps : args.lengths[row];
    const bool backwards = spec_.direction == Direction::reverse || direction == 1;
    const StepContext context{spec_,
                              spec_.activations[direction],
                              weights_[direction],
                              scratch.gates.data(),
                              scratch.hidden.data(),
                              scratch.quantized_x.data(),
                              scratch.quantized_h.data()};
    const Step step = kSteps[static_cast<std::size_t>(spec_.cell)];
    const States states = states_of(args, row, direction);
    for (std::int64_t s = 0; s < steps; ++s) {
      const std::int64_t t = backwards ? steps - 1 - s : s;
      step(context, args.x().row(t, row), states);
      std::copy_n(states[0], width, args.y.row(t, row) + column);
    }
    for (std::int64_t t = steps; t < args.y.steps; ++t) {
      std::fill_n(args.y.row(t, row) + column, width, 0.0F);
    }
  }

  RecurrentSpec spec_;
  std::vector<StateSpec> states_;
  std::vector<CellWeights> weights_;  ///< Per direction.
};

}  // namespace

std::unique_ptr<Layer> make_recurrent_layer(const RecurrentSpec& spec, const Weights& weights,
                                            Precision precision) {
  return std::make_unique<RecurrentLayer>(spec, weights, precision);
}

}  // namespace carousel::scalar
