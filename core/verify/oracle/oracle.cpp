// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/oracle.hpp"

#include "core/verify/oracle/cells.hpp"
#include "core/verify/oracle/tail.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>

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

Trace empty_trace(std::int64_t steps, std::int64_t batch, std::int64_t units) {
  const Quantity zero = zeros(steps, batch, units);
  return {zero, zero, zero, zero, zero, zero};
}

void put(Trace& trace, std::int64_t step, std::int64_t row, const GateValues& gates) {
  put(trace.i, step, row, 0, gates.i);
  put(trace.f, step, row, 0, gates.f);
  put(trace.g, step, row, 0, gates.g);
  put(trace.o, step, row, 0, gates.o);
  put(trace.c, step, row, 0, gates.c);
  put(trace.h, step, row, 0, gates.h);
}

std::int64_t length_of(std::span<const std::int64_t> lengths, const Quantity& x, std::int64_t row) {
  return lengths.empty() ? x.steps : lengths[size_of(row)];
}

/// Runs one row of one direction, from its first real step to its last in that direction.
void run_row(const ModelLayer& layer, std::size_t d, const Quantity& x, std::int64_t row,
             std::int64_t length, const Options& options, LayerResult& result) {
  const CellStep cell(layer, d, options.errors);
  const bool reverse = d == 1 || layer.spec.direction == Direction::reverse;
  const std::size_t column = d * size_of(layer.spec.state_size());
  State& state = result.state.at(d);
  RowState now{get(state.h, 0, row), {}};
  if (layer.spec.has_cell_state()) now.c = get(state.c, 0, row);
  for (std::int64_t k = 0; k < length; ++k) {
    const std::int64_t step = reverse ? length - 1 - k : k;
    GateValues gates;
    cell(get(x, step, row), now, options.trace ? &gates : nullptr);
    put(result.y, step, row, column, now.h);
    if (options.trace) put(result.trace.at(d), step, row, gates);
  }
  put(state.h, 0, row, 0, now.h);
  if (layer.spec.has_cell_state()) put(state.c, 0, row, 0, now.c);
}

void run_linear_row(const ModelLayer& layer, const Quantity& x, std::int64_t row,
                    std::int64_t length, const Options& options, LayerResult& result) {
  for (std::int64_t step = 0; step < length; ++step) {
    put(result.y, step, row, 0, linear(layer, get(x, step, row), options.errors));
  }
}

void apply_tail(Tail tail, std::span<const std::int64_t> lengths, const Options& options,
                Quantity& y) {
  for (std::int64_t row = 0; row < y.batch && tail != Tail::none; ++row) {
    for (std::int64_t step = 0; step < length_of(lengths, y, row); ++step) {
      put(y, step, row, 0, apply(tail, get(y, step, row), options.errors));
    }
  }
}

void check_arguments(const ModelLayer& layer, const Quantity& x,
                     std::span<const std::int64_t> lengths, const LayerState& initial) {
  const LayerSpec& spec = layer.spec;
  require(has_shape(x, x.steps, x.batch, spec.input_size), "x does not fit the layer");
  require(lengths.empty() || lengths.size() == size_of(x.batch), "one length per row");
  for (const std::int64_t length : lengths) {
    require(0 <= length && length <= x.steps, "a length is not in [0, steps]");
  }
  if (!spec.recurrent()) return;
  for (std::size_t d = 0; d < size_of(spec.directions()); ++d) {
    const State& state = initial.at(d);
    require(has_shape(state.h, 1, x.batch, spec.state_size()), "h0 does not fit the layer");
    require(!spec.has_cell_state() || has_shape(state.c, 1, x.batch, spec.hidden_size),
            "c0 does not fit the layer");
  }
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

LayerState zero_state(const LayerSpec& spec, std::int64_t batch) {
  LayerState state;
  if (!spec.recurrent()) return state;
  for (std::size_t d = 0; d < size_of(spec.directions()); ++d) {
    state.at(d).h = zeros(1, batch, spec.state_size());
    if (spec.has_cell_state()) state.at(d).c = zeros(1, batch, spec.hidden_size);
  }
  return state;
}

LayerState initial_state(const ModelLayer& layer, std::int64_t batch) {
  LayerState state = zero_state(layer.spec, batch);
  for (std::size_t d = 0; d < state.size(); ++d) {
    const DirectionWeights& weights = layer.directions.at(d);
    for (std::int64_t row = 0; row < batch; ++row) {
      std::ranges::copy(
          weights.initial_h,
          state.at(d).h.value.begin() + row * static_cast<std::int64_t>(weights.initial_h.size()));
      std::ranges::copy(
          weights.initial_c,
          state.at(d).c.value.begin() + row * static_cast<std::int64_t>(weights.initial_c.size()));
    }
  }
  return state;
}

LayerResult run_layer(const ModelLayer& layer, const Quantity& x,
                      std::span<const std::int64_t> lengths, const LayerState& initial,
                      const Options& options) {
  check_arguments(layer, x, lengths, initial);
  const LayerSpec& spec = layer.spec;
  LayerResult result{zeros(x.steps, x.batch, spec.output_size()), initial, {}};
  const std::size_t directions = size_of(spec.directions());
  for (std::size_t d = 0; d < directions; ++d) {
    if (options.trace) result.trace.at(d) = empty_trace(x.steps, x.batch, spec.hidden_size);
    for (std::int64_t row = 0; row < x.batch; ++row) {
      const std::int64_t length = length_of(lengths, x, row);
      if (spec.recurrent()) {
        run_row(layer, d, x, row, length, options, result);
      } else {
        run_linear_row(layer, x, row, length, options, result);
      }
    }
  }
  return result;
}

Result run(const Model& model, const Quantity& x, std::span<const std::int64_t> lengths,
           std::span<const LayerState> initial, const Options& options) {
  require(initial.empty() || initial.size() == model.layers.size(), "one state per layer");
  Result result;
  result.y = x;
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    const ModelLayer& layer = model.layers[k];
    const LayerState start = initial.empty() ? initial_state(layer, x.batch) : initial[k];
    result.layers.push_back(run_layer(layer, result.y, lengths, start, options));
    result.y = result.layers.back().y;
  }
  if (model.head) result.y = run_layer(*model.head, result.y, lengths, {}, options).y;
  apply_tail(model.tail, lengths, options, result.y);
  return result;
}

Quantity embed(const Model& model, std::span<const std::int32_t> ids, std::int64_t steps,
               std::int64_t batch) {
  require(model.embedding.has_value(), "the model has no embedding");
  require(ids.size() == size_of(steps * batch), "the number of ids does not fit the shape");
  const Embedding& table = *model.embedding;
  std::vector<float> rows;
  for (const std::int32_t id : ids) {
    require(0 <= id && id < table.num_embeddings, "an id is out of range");
    const auto first = table.weight.begin() + id * table.embedding_dim;
    rows.insert(rows.end(), first, first + table.embedding_dim);
  }
  return exact(rows, steps, batch, table.embedding_dim);
}

}  // namespace carousel::oracle
