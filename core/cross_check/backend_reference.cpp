// SPDX-License-Identifier: Apache-2.0
#include "backend_reference.hpp"

#include "core/engine/network_data.hpp"
#include "core/engine/too_few_steps.hpp"
#include "input.hpp"
#include "prepared_layer.hpp"
#include "roundings.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace carousel::detail {
namespace {

/// The number of terms of the sum that a weight of that role is in, or 0 if it is in none (an
/// embedding's table, an initial state).
std::int64_t terms(const LayerSpec& spec, const WeightRole& role) {
  constexpr std::int64_t kBiases = 2;
  if (!role.required || std::holds_alternative<EmbeddingSpec>(spec)) return 0;
  const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
  if (recurrent == nullptr) return input_size(spec) + kBiases;
  if (role.name.starts_with("weight_hr")) return recurrent->hidden_size;
  return recurrent->input_size + recurrent->state_size() + kBiases;
}

/// A copy of the weight in which every element is off by as many roundings as its sum has terms.
Tensor changed(const Tensor& weight, std::int64_t terms, Signs& signs) {
  std::vector<float> values = weight.to_float32();
  change_by_roundings(values, terms, signs);
  return {weight.shape(), values};
}

/// The roles in the order in which their weights take signs: in each direction the projection last.
std::vector<WeightRole> roles_to_change(const LayerSpec& spec) {
  std::vector<WeightRole> roles = weight_roles(spec);
  std::ranges::stable_sort(roles, {}, [](const WeightRole& role) {
    return std::pair(role.name.ends_with("_reverse"), role.name.starts_with("weight_hr"));
  });
  return roles;
}

ModelLayer changed(const ModelLayer& layer, Signs& signs) {
  ModelLayer copy = layer;
  for (const WeightRole& role : roles_to_change(layer.spec)) {
    const std::int64_t count = terms(layer.spec, role);
    const auto weight = copy.weights.find(role.name);
    if (count == 0 || weight == copy.weights.end()) continue;
    weight->second = changed(weight->second, count, signs);
  }
  return copy;
}

Model changed(const Model& model) {
  Signs signs;
  Model copy;
  copy.inputs = model.inputs;
  copy.outputs = model.outputs;
  copy.lengths = model.lengths;
  for (const ModelLayer& layer : model.layers) copy.layers.push_back(changed(layer, signs));
  return copy;
}

/// Appends the expectation of one quantity. The tolerance of all its elements is that of the worst.
void add_quantity(std::span<const float> values, std::span<const float> with_changes,
                  Expected& expected) {
  const double tolerance = rounding_tolerance(values, with_changes);
  expected.value.insert(expected.value.end(), values.begin(), values.end());
  expected.tolerance.insert(expected.tolerance.end(), values.size(), tolerance);
}

void set_states(Stream& stream, const std::vector<std::vector<float>>& states) {
  if (states.empty()) return;
  std::size_t k = 0;
  for (const NamedState& state : stream.states()) {
    const std::vector<float>& from = states.at(k++);
    for (std::int64_t row = 0; row < state.values.batch; ++row) {
      std::copy_n(from.begin() + row * state.values.features, state.values.features,
                  state.values.row(0, row));
    }
  }
}

void append(std::vector<float>& values, const SequenceView<float>& view) {
  for (std::int64_t row = 0; row < view.batch; ++row) {
    values.insert(values.end(), view.row(0, row), view.row(0, row) + view.features);
  }
}

}  // namespace

std::vector<std::vector<float>> run_model(const Network& network, const Model& model,
                                          const CheckInput& input) {
  const auto [steps, batch] = std::pair(input.steps(), input.batch());
  Stream stream = network.stream({.batch = batch, .max_steps = std::max<std::int64_t>(steps, 1)});
  set_states(stream, input.states);
  std::vector<std::vector<float>> values;
  std::size_t all = 0;
  for (const NetworkOutput& output : network.outputs()) {
    const std::int64_t count = network.output_steps(steps, values.size()) * batch * output.size;
    all += values.emplace_back(static_cast<std::size_t>(count)).size();
  }
  if (all == 0 && steps > 0) {
    throw Error(ErrorCode::invalid_argument, too_few_steps(steps) + ": no output has any");
  }
  std::vector<NamedOutput> outputs;
  for (const NetworkOutput& output : network.outputs()) {
    const std::size_t k = outputs.size();
    outputs.push_back({output.name, steps_first(values[k].data(), network.output_steps(steps, k),
                                                batch, output.size)});
  }
  std::vector<NamedInput> inputs = input.in_order(model);
  for (std::size_t k = 0; k < inputs.size(); ++k) inputs[k].name = network.inputs()[k].name;
  std::erase_if(inputs, [](const NamedInput& one) { return !is_given(one); });
  const Status status = stream.run(inputs, outputs, input.lengths);
  if (!status) throw Error(ErrorCode::internal, status.message());
  for (const NamedState& state : stream.states()) append(values.emplace_back(), state.values);
  return values;
}

std::vector<float> joined(const std::vector<std::vector<float>>& quantities) {
  std::vector<float> all;
  for (const std::vector<float>& q : quantities) all.insert(all.end(), q.begin(), q.end());
  return all;
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
  const auto values = run(model);
  const auto with_changes = run(carousel::detail::changed(model));
  Expected expected;
  for (std::size_t k = 0; k < values.size(); ++k) {
    add_quantity(values[k], with_changes[k], expected);
  }
  return expected;
}

LayerExpected BackendReference::layer(const LayerProblem& problem) const {
  if (!layers_ || layers_->of != &problem.layer) {
    Signs signs;
    layers_ = std::make_unique<Layers>(
        Layers{&problem.layer, PreparedLayer(backend_, problem.layer, {.threads = threads_}),
               PreparedLayer(backend_, carousel::detail::changed(problem.layer, signs),
                             {.threads = threads_})});
  }
  const LayerOutcome values = layers_->exact.run(problem);
  const LayerOutcome with_changes = layers_->changed.run(problem);
  LayerExpected expected;
  add_quantity(values.y, with_changes.y, expected.y);
  for (std::size_t k = 0; k < values.state.size(); ++k) {
    add_quantity(values.state[k], with_changes.state[k], expected.states.emplace_back());
  }
  return expected;
}

}  // namespace carousel::detail
