// SPDX-License-Identifier: Apache-2.0
#include "backend_reference.hpp"

#include "core/engine/network_data.hpp"
#include "prepared_layer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace carousel::detail {
namespace {

constexpr double kRounding = 0x1p-24;  // relative, of one float32 operation
constexpr double kActivationRoundings = 16;
constexpr double kBothSides = 2;  // each of two backends may be off
// Of products that are flushed to zero, in one way of summing and not in another.
constexpr double kFlushed = 1024 * static_cast<double>(std::numeric_limits<float>::min());

/// SplitMix64 (Steele, Lea & Flood 2014): the same numbers everywhere.
class Signs {
 public:
  double next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return (z >> 63U) != 0 ? 1.0 : -1.0;
  }

 private:
  std::uint64_t state_ = 0;
};

/// Changes every weight by as many roundings as its sum has terms.
void change(std::vector<float>& weights, std::int64_t terms, Signs& signs) {
  const double relative = static_cast<double>(terms) * kRounding;
  for (float& weight : weights) {
    weight = static_cast<float>(weight * (1.0 + signs.next() * relative));
  }
}

ModelLayer changed(const ModelLayer& layer, Signs& signs) {
  ModelLayer copy = layer;
  const LayerSpec& spec = layer.spec;
  const std::int64_t terms = spec.input_size + (spec.recurrent() ? spec.state_size() : 0) + 2;
  for (DirectionWeights& w : copy.directions) {
    for (auto* gates : {&w.weight_ih, &w.weight_hh, &w.bias_ih, &w.bias_hh, &w.peephole}) {
      change(*gates, terms, signs);
    }
    change(w.weight_hr, spec.hidden_size, signs);
  }
  return copy;
}

Model changed(const Model& model) {
  Signs signs;
  Model copy;
  copy.embedding = model.embedding;
  copy.tail = model.tail;
  for (const ModelLayer& layer : model.layers) copy.layers.push_back(changed(layer, signs));
  if (model.head) copy.head = changed(*model.head, signs);
  return copy;
}

/// Appends one quantity: every element of it may be off by what the worst of them is.
void add_quantity(std::span<const float> values, std::span<const float> with_changes,
                  Expected& expected) {
  double moved = 0;
  double largest = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double value = values[k];
    const double move = std::fabs(value - static_cast<double>(with_changes[k]));
    if (std::isfinite(move)) moved = std::max(moved, move);
    if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
  }
  const double own = moved + kActivationRoundings * kRounding * largest + kFlushed;
  expected.value.insert(expected.value.end(), values.begin(), values.end());
  expected.tolerance.insert(expected.tolerance.end(), values.size(), kBothSides * own);
}

/// How many of the values of a run belong together.
std::vector<std::size_t> quantities(const Model& model, const CheckInput& input) {
  std::vector<std::int64_t> sizes{input.steps() * input.batch() * model.output_size()};
  for (const ModelLayer& layer : model.layers) {
    for (std::int64_t d = 0; d < layer.spec.directions(); ++d) {
      sizes.push_back(input.batch() * layer.spec.state_size());
      if (layer.spec.has_cell_state()) sizes.push_back(input.batch() * layer.spec.hidden_size);
    }
  }
  return {sizes.begin(), sizes.end()};
}

void append(std::vector<float>& values, const SequenceView<float>& view) {
  values.insert(values.end(), view.data, view.data + view.batch * view.features);
}

}  // namespace

std::vector<float> run_model(const Network& network, const Model& model, const CheckInput& input) {
  const std::int64_t steps = input.steps();
  const std::int64_t batch = input.batch();
  Stream stream = network.stream({.batch = batch, .max_steps = std::max<std::int64_t>(steps, 1)});
  std::vector<float> values(static_cast<std::size_t>(steps * batch * network.output_size()));
  const auto y = steps_first(values.data(), steps, batch, network.output_size());
  const Status status = network.takes_ids() ? stream.run_ids(input.ids, y, input.lengths)
                                            : stream.run(input.x, y, input.lengths);
  if (!status) throw Error(status.message());
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const LayerSpec& spec = model.layers[l].spec;
    for (std::int64_t d = 0; d < spec.directions(); ++d) {
      const StateView state = stream.layer_state(static_cast<std::int64_t>(l), d);
      append(values, state.h);
      if (spec.has_cell_state()) append(values, state.c);
    }
  }
  return values;
}

struct BackendReference::Layers {
  const ModelLayer* of;
  PreparedLayer exact;
  PreparedLayer changed;
};

BackendReference::BackendReference(const Backend& backend, int threads)
    : backend_(backend), threads_(threads) {}

BackendReference::~BackendReference() = default;

Expected BackendReference::network(const Model& model, const CheckInput& input) const {
  const PrepareOptions options{.threads = threads_};
  const auto run = [&](const Model& which) {
    return run_model(prepare_on(backend_, which, options), which, input);
  };
  const std::vector<float> values = run(model);
  const std::vector<float> with_changes = run(carousel::detail::changed(model));
  Expected expected;
  std::size_t first = 0;
  for (const std::size_t count : quantities(model, input)) {
    add_quantity(std::span(values).subspan(first, count),
                 std::span(with_changes).subspan(first, count), expected);
    first += count;
  }
  return expected;
}

LayerExpected BackendReference::layer(const LayerProblem& problem) const {
  if (!layers_ || layers_->of != &problem.layer) {
    Signs signs;
    layers_ = std::make_unique<Layers>(
        Layers{&problem.layer, PreparedLayer(backend_, problem.layer, threads_),
               PreparedLayer(backend_, carousel::detail::changed(problem.layer, signs), threads_)});
  }
  const LayerOutcome values = layers_->exact.run(problem);
  const LayerOutcome with_changes = layers_->changed.run(problem);
  LayerExpected expected;
  add_quantity(values.y, with_changes.y, expected.y);
  for (std::size_t d = 0; d < 2; ++d) {
    add_quantity(values.state.h.at(d), with_changes.state.h.at(d), expected.h.at(d));
    add_quantity(values.state.c.at(d), with_changes.state.c.at(d), expected.c.at(d));
  }
  return expected;
}

}  // namespace carousel::detail
