// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/oracle.hpp"

#include "core/verify/oracle/frames.hpp"
#include "core/verify/oracle/run.hpp"

#include <algorithm>
#include <variant>

namespace carousel::oracle {
namespace {

bool has_shape(const Quantity& q, std::int64_t steps, std::int64_t batch, std::int64_t features) {
  const std::size_t count = size_of(steps * batch * features);
  return q.steps == steps && q.batch == batch && q.features == features &&
         q.value.size() == count && q.tolerance.size() == count;
}

std::size_t offset(const Quantity& q, std::int64_t step, std::int64_t row) {
  return size_of((step * q.batch + row) * q.features);
}

template <class T>
Quantity exact_values(std::span<const T> values, std::int64_t steps, std::int64_t batch,
                      std::int64_t features) {
  Quantity q = zeros(steps, batch, features);
  require(values.size() == q.value.size(), "the number of values does not fit the shape");
  q.value.assign(values.begin(), values.end());
  return q;
}

/// Any kind that has no state: frame by frame.
template <class Spec>
void run_kind(const Run& run, const Spec& spec) {
  const FrameFunction function = frame_function(spec, run.layer.weights, run.options.errors);
  std::vector<std::vector<Number>> frames(run.inputs.size());
  for (std::int64_t row = 0; row < run.x().batch; ++row) {
    for (std::int64_t step = 0; step < run.result.y.steps; ++step) {
      for (std::size_t i = 0; i < frames.size(); ++i) {
        const Quantity& x = *run.inputs[i];
        frames[i] = get(x, x.steps == 1 ? 0 : step, row);
      }
      put(run.result.y, step, row, 0, function(frames));
    }
  }
}

/// Of several sequences: those of the longest.
std::int64_t steps_of(std::span<const Quantity* const> inputs) {
  std::int64_t steps = inputs.front()->steps;
  for (const Quantity* input : inputs) {
    if (steps == 1) steps = input->steps;
  }
  return steps;
}

void check_inputs(const LayerSpec& spec, std::span<const Quantity* const> inputs) {
  require(!inputs.empty() && inputs.size() == input_count(spec), "wrong number of inputs");
  const std::int64_t steps = steps_of(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool single = inputs.size() > 1 && inputs[i]->steps == 1;
    require(has_shape(*inputs[i], single ? 1 : steps, inputs.front()->batch, input_size(spec, i)),
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

}  // namespace

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
  const std::int64_t steps = output_steps(layer.spec, steps_of(inputs));
  LayerResult result{.y = zeros(steps, x.batch, output_size(layer.spec)),
                     .state = initial,
                     .trace = {},
                     .lengths = {lengths.begin(), lengths.end()}};
  Options own = options;
  own.errors.int8 = options.errors.int8 && has_precision(layer.spec);
  const Run run{layer, inputs, lengths, own, result};
  std::visit([&](const auto& spec) { run_kind(run, spec); }, layer.spec);
  return result;
}

LayerResult run_layer(const ModelLayer& layer, const Quantity& x,
                      std::span<const std::int64_t> lengths, const LayerState& initial,
                      const Options& options) {
  const Quantity* const input = &x;
  return run_layer(layer, std::span(&input, 1), lengths, initial, options);
}

}  // namespace carousel::oracle
