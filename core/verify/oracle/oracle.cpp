// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/oracle.hpp"

#include "core/model/wiring.hpp"
#include "core/verify/oracle/cells.hpp"
#include "core/verify/oracle/frames.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <variant>

namespace carousel::oracle {
namespace {

std::size_t size_of(std::int64_t count) { return static_cast<std::size_t>(count); }

void require(bool condition, const char* rule) {
  if (!condition) throw std::invalid_argument(std::string("oracle: ") + rule);
}

bool has_shape(const Quantity& q, std::int64_t steps, std::int64_t batch, std::int64_t features) {
  const std::size_t count = size_of(steps * batch * features);
  return q.steps == steps && q.batch == batch && q.features == features &&
         q.value.size() == count && q.tolerance.size() == count;
}

template <class T>
Quantity exact_values(std::span<const T> values, std::int64_t steps, std::int64_t batch,
                      std::int64_t features) {
  Quantity q = zeros(steps, batch, features);
  require(values.size() == q.value.size(), "the number of values does not fit the shape");
  q.value.assign(values.begin(), values.end());
  return q;
}

std::size_t offset(const Quantity& q, std::int64_t step, std::int64_t row) {
  return size_of((step * q.batch + row) * q.features);
}

std::vector<Number> get(const Quantity& q, std::int64_t step, std::int64_t row) {
  std::vector<Number> numbers(size_of(q.features));
  const std::size_t first = offset(q, step, row);
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    numbers[k] = {q.value[first + k], q.tolerance[first + k]};
  }
  return numbers;
}

/// Writes `numbers` to features [from, from + numbers.size()).
void put(Quantity& q, std::int64_t step, std::int64_t row, std::size_t from,
         std::span<const Number> numbers) {
  const std::size_t first = offset(q, step, row) + from;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    q.value[first + k] = numbers[k].value;
    q.tolerance[first + k] = numbers[k].error;
  }
}

std::int64_t length_of(std::span<const std::int64_t> lengths, const Quantity& x, std::int64_t row) {
  return lengths.empty() ? x.steps : lengths[size_of(row)];
}

/// What a layer is run on, and where its results go.
struct Run {
  const ModelLayer& layer;
  std::span<const Quantity* const> inputs;
  std::span<const std::int64_t> lengths;
  const Options& options;
  LayerResult& result;

  [[nodiscard]] const Quantity& x() const { return *inputs.front(); }
};

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
    const std::int64_t length = length_of(run_.lengths, run_.x(), row);
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

void run_kind(const Run& run, const RecurrentSpec& spec) {
  run.result.trace.reserve(2);
  for (std::size_t d = 0; d < size_of(spec.directions()); ++d) {
    const DirectionRun direction(run, spec, d);
    for (std::int64_t row = 0; row < run.x().batch; ++row) direction.row(row);
  }
}

/// Any kind that has no state: frame by frame.
template <class Spec>
void run_kind(const Run& run, const Spec& spec) {
  const FrameFunction function = frame_function(spec, run.layer.weights, run.options.errors);
  std::vector<std::vector<Number>> frames(run.inputs.size());
  for (std::int64_t row = 0; row < run.x().batch; ++row) {
    for (std::int64_t step = 0; step < length_of(run.lengths, run.x(), row); ++step) {
      for (std::size_t i = 0; i < frames.size(); ++i) frames[i] = get(*run.inputs[i], step, row);
      put(run.result.y, step, row, 0, function(frames));
    }
  }
}

void check_inputs(const LayerSpec& spec, std::span<const Quantity* const> inputs) {
  require(!inputs.empty() && inputs.size() == input_count(spec), "wrong number of inputs");
  const Quantity& first = *inputs.front();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    require(has_shape(*inputs[i], first.steps, first.batch, input_size(spec, i)),
            "an input does not fit the layer");
  }
}

void check_state(const LayerSpec& spec, std::int64_t batch, const LayerState& initial) {
  const std::vector<StateSpec> expected = states(spec);
  require(initial.size() == expected.size(), "the initial state does not fit the layer");
  for (std::size_t k = 0; k < expected.size(); ++k) {
    require(has_shape(initial[k], 1, batch, expected[k].size),
            "the initial state does not fit the layer");
  }
}

void check_lengths(const Quantity& x, std::span<const std::int64_t> lengths) {
  require(lengths.empty() || lengths.size() == size_of(x.batch), "one length per row");
  for (const std::int64_t length : lengths) {
    require(0 <= length && length <= x.steps, "a length is not in [0, steps]");
  }
}

/// The model's inputs in its order.
std::vector<const Quantity*> in_order(const Model& model, const Inputs& inputs) {
  std::vector<const Quantity*> list;
  for (const ModelInput& input : model_inputs(model)) {
    const auto found = inputs.find(input.name);
    require(found != inputs.end(), "an input is missing");
    list.push_back(&found->second);
  }
  require(list.size() == inputs.size(), "the model has no input of that name");
  return list;
}

Result run_all(const Model& model, std::span<const Quantity* const> given,
               std::span<const std::int64_t> lengths, std::span<const LayerState> initial,
               const Options& options) {
  require(initial.empty() || initial.size() == model.layers.size(), "one state per layer");
  const Wiring wiring = resolve_wiring(model);
  Result result;
  for (const Source& output : wiring.outputs) result.outputs.push_back(output.index);
  result.layers.reserve(model.layers.size());
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    std::vector<const Quantity*> inputs;
    for (const Source& source : wiring.sources[l]) {
      inputs.push_back(source.of == Source::Of::model_input ? given[source.index]
                                               : &result.layers[source.index].y);
    }
    const ModelLayer& layer = model.layers[l];
    const LayerState start =
        initial.empty() ? initial_state(layer, inputs.front()->batch) : initial[l];
    result.layers.push_back(run_layer(layer, inputs, lengths, start, options));
  }
  return result;
}

}  // namespace

Quantity zeros(std::int64_t steps, std::int64_t batch, std::int64_t features) {
  const std::vector<double> zero(size_of(steps * batch * features), 0.0);
  return {steps, batch, features, zero, zero};
}

Quantity exact(std::span<const float> values, std::int64_t steps, std::int64_t batch,
               std::int64_t features) {
  return exact_values(values, steps, batch, features);
}

Quantity exact(std::span<const double> values, std::int64_t steps, std::int64_t batch,
               std::int64_t features) {
  return exact_values(values, steps, batch, features);
}

Quantity exact_ids(std::span<const std::int32_t> ids, std::int64_t steps, std::int64_t batch) {
  return exact_values(ids, steps, batch, 1);
}

LayerState zero_state(const LayerSpec& spec, std::int64_t batch) {
  LayerState list;
  for (const StateSpec& state : states(spec)) list.push_back(zeros(1, batch, state.size));
  return list;
}

LayerState initial_state(const ModelLayer& layer, std::int64_t batch) {
  LayerState list = zero_state(layer.spec, batch);
  const std::vector<StateSpec> specs = states(layer.spec);
  for (std::size_t k = 0; k < specs.size(); ++k) {
    const Float32View learned(find_weight(layer.weights, "initial_" + specs[k].name));
    const std::span<const float> row = learned.values();
    for (std::size_t b = 0; b < size_of(batch); ++b) {
      std::ranges::copy(row, list[k].value.begin() + static_cast<std::ptrdiff_t>(b * row.size()));
    }
  }
  return list;
}

LayerResult run_layer(const ModelLayer& layer, std::span<const Quantity* const> inputs,
                      std::span<const std::int64_t> lengths, const LayerState& initial,
                      const Options& options) {
  check_inputs(layer.spec, inputs);
  const Quantity& x = *inputs.front();
  check_lengths(x, lengths);
  check_state(layer.spec, x.batch, initial);
  LayerResult result{zeros(x.steps, x.batch, output_size(layer.spec)), initial, {}};
  const Run run{layer, inputs, lengths, options, result};
  std::visit([&](const auto& spec) { run_kind(run, spec); }, layer.spec);
  return result;
}

LayerResult run_layer(const ModelLayer& layer, const Quantity& x,
                      std::span<const std::int64_t> lengths, const LayerState& initial,
                      const Options& options) {
  const Quantity* const input = &x;
  return run_layer(layer, std::span(&input, 1), lengths, initial, options);
}

Result run(const Model& model, const Inputs& inputs, std::span<const std::int64_t> lengths,
           std::span<const LayerState> initial, const Options& options) {
  return run_all(model, in_order(model, inputs), lengths, initial, options);
}

Result run(const Model& model, const Quantity& x, std::span<const std::int64_t> lengths,
           std::span<const LayerState> initial, const Options& options) {
  require(model_inputs(model).size() == 1, "the model has several inputs");
  const Quantity* const input = &x;
  return run_all(model, std::span(&input, 1), lengths, initial, options);
}

Quantity stacked(const Model& model, const Result& result, std::string_view name) {
  Quantity all;
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const std::vector<StateSpec> specs = states(model.layers[l].spec);
    for (std::size_t k = 0; k < specs.size(); ++k) {
      if (specs[k].name != name && specs[k].name != in_direction(name, 1)) continue;
      const Quantity& state = result.layers[l].state[k];
      all.steps += 1;
      all.batch = state.batch;
      all.features = state.features;
      all.value.insert(all.value.end(), state.value.begin(), state.value.end());
      all.tolerance.insert(all.tolerance.end(), state.tolerance.begin(), state.tolerance.end());
    }
  }
  return all;
}

}  // namespace carousel::oracle
