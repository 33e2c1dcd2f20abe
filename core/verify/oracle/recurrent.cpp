// SPDX-License-Identifier: Apache-2.0
// A recurrent layer, one row and one step at a time.
#include "core/verify/oracle/cells.hpp"
#include "core/verify/oracle/run.hpp"

namespace carousel::oracle {
namespace {

/// One direction of a recurrent layer.
class DirectionRun {
 public:
  DirectionRun(const Run& run, const RecurrentSpec& spec, std::size_t d)
      : run_(run),
        spec_(spec),
        direction_(d),
        step_(spec, run.layer.weights, d, run.options.errors),
        names_(trace_names(spec.cell)) {
    if (!run.options.trace) return;
    const Quantity& x = run.x();
    trace_ = &run.result.trace.emplace_back();
    for (const std::string_view name : names_) {
      trace_->emplace(name, zeros(x.steps, x.batch, spec.hidden_size));
    }
  }

  /// From the first real step to the last in that direction.
  void row(std::int64_t row) const {
    const std::int64_t length = run_.length(row);
    const bool reverse = direction_ == 1 || spec_.direction == Direction::reverse;
    const std::size_t column = direction_ * size_of(spec_.state_size());
    RowState now = load(row);
    for (std::int64_t k = 0; k < length; ++k) {
      const std::int64_t t = reverse ? length - 1 - k : k;
      GateValues gates(names_.size());
      step_(get(run_.x(), t, row), now, trace_ == nullptr ? nullptr : &gates);
      put(run_.result.y, t, row, column, now.front());
      note(t, row, gates);
    }
    keep(row, now);
  }

 private:
  /// The direction's part of the layer's states.
  [[nodiscard]] std::span<Quantity> states() const {
    const std::size_t count = spec_.state_count();
    return std::span(run_.result.state).subspan(direction_ * count, count);
  }

  [[nodiscard]] RowState load(std::int64_t row) const {
    RowState state;
    for (const Quantity& q : states()) state.push_back(get(q, 0, row));
    return state;
  }

  void keep(std::int64_t row, const RowState& state) const {
    for (std::size_t k = 0; k < state.size(); ++k) put(states()[k], 0, row, 0, state[k]);
  }

  void note(std::int64_t step, std::int64_t row, const GateValues& gates) const {
    for (std::size_t k = 0; trace_ != nullptr && k < gates.size(); ++k) {
      put(trace_->find(names_[k])->second, step, row, 0, gates[k]);
    }
  }

  const Run& run_;
  const RecurrentSpec& spec_;
  std::size_t direction_;
  CellStep step_;
  std::vector<std::string_view> names_;
  Trace* trace_ = nullptr;
};

}  // namespace

void run_kind(const Run& run, const RecurrentSpec& spec) {
  run.result.trace.reserve(2);
  for (std::size_t d = 0; d < size_of(spec.directions()); ++d) {
    const DirectionRun direction(run, spec, d);
    for (std::int64_t row = 0; row < run.x().batch; ++row) direction.row(row);
  }
}

}  // namespace carousel::oracle
