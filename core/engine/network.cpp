// SPDX-License-Identifier: Apache-2.0
#include "core/engine/network_data.hpp"
#include "core/model/formatted.hpp"

#include "core/engine/environment.hpp"
#include "core/engine/flows.hpp"
#include "core/engine/fusion.hpp"
#include "core/engine/layer_precisions.hpp"
#include "core/engine/layers/activation_layers.hpp"
#include "core/engine/network_ends.hpp"
#include "core/engine/no_memory.hpp"

#include "core/model/own_errors.hpp"
#include "core/model/quote.hpp"
#include "core/model/stored_weights.hpp"
#include "core/planning/planner.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace carousel {
namespace {

std::string chosen_backend(const PrepareOptions& options) {
  if (!options.backend.empty()) return options.backend;
  const std::string_view chosen = environment_text("CAROUSEL_BACKEND");
  return std::string(chosen.empty() ? "auto" : chosen);
}

void check(Precision precision) {
  if (std::ranges::find(precisions(), precision) != precisions().end()) return;
  throw Error(
      ErrorCode::invalid_argument,
      formatted("prepare: there is no precision of the number {}", static_cast<int>(precision)));
}

void check(const PrepareOptions& options) {
  check(options.precision);
  for (const LayerPrecision& one : options.layer_precisions) check(one.precision);
  if (options.plan > Plan::wisdom_only) {
    throw Error(ErrorCode::invalid_argument, formatted("prepare: there is no plan of the number {}",
                                                       static_cast<int>(options.plan)));
  }
  detail::require_in("prepare: threads", options.threads, 1, detail::kMostThreads);
  detail::require_in("prepare: batch", options.batch, 0, detail::kMostRows);
  detail::require_in("prepare: steps", options.steps, 0, detail::kMostSteps);
  if (!(options.planning.seconds_per_layer > 0)) {
    throw Error(ErrorCode::invalid_argument,
                formatted("prepare: planning.seconds_per_layer is {}, but must be positive",
                          options.planning.seconds_per_layer));
  }
}

void add_states(detail::NetworkData& network, const ModelLayer& layer) {
  for (const StateSpec& state : states(layer.spec)) {
    const Tensor* initial = find_weight(layer.weights, "initial_" + state.name);
    network.states.push_back(
        {.layer = network.layers.size(),
         .spec = state,
         .initial = initial == nullptr ? std::vector<float>{} : initial->to_float32()});
  }
}

/// `activation` is what the layer is to apply to its outputs, if anything.
void add_layer(detail::NetworkData& network, const ModelLayer& layer, const Backend& backend,
               LayerPlan plan, const PrepareOptions& options,
               const std::optional<Activation>& activation) {
  LayerOptions how{.threads = plan.threads,
                   .exact_threads = options.exact_threads,
                   .batch = options.batch,
                   .steps = options.steps,
                   .precision = plan.precision,
                   .activation = activation};
  // What a backend does by itself it fits to each stream, so that is not prescribed.
  const std::vector<std::string> tilings = backend.tilings(layer.spec, how);
  if (!tilings.empty() && tilings.front() != plan.tiling) how.tiling = plan.tiling;
  add_states(network, layer);
  const auto what = [&] { return formatted("layer {} on {}", quote(plan.name), plan.backend); };
  network.layers.push_back(detail::with_memory_for(what, [&] {
    return plan.fused_into.empty() ? backend.prepare(layer.spec, layer.weights, how)
                                   : layers::make_fused_activation();
  }));
  plan.memory_bytes = network.layers.back()->memory_bytes();
  network.plans.push_back(std::move(plan));
}

void wire(const Model& model, detail::NetworkData& network) {
  network.wiring = resolve_wiring(model);
  network.inputs = model_inputs(model);
  const std::vector<ModelOutput> outputs = model_outputs(model);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    network.outputs.push_back({.name = outputs[k].name,
                               .size = source_size(model, network.wiring.outputs[k]),
                               .axes = outputs[k].axes});
  }
  network.buffers = detail::plan_buffers(model, network.wiring);
  detail::find_ends(model, network);
}

void name_layers(const Model& model, std::vector<LayerPlan>& plans) {
  const std::vector<std::string> names = layer_names(model);
  for (std::size_t i = 0; i < plans.size(); ++i) plans[i].name = names[i];
}

/// The backend that a plan names.
const Backend& planned_backend(const LayerPlan& plan) {
  return *select_backends(plan.backend).front();
}

/// `backend_of(plan)` is who runs a layer.
std::shared_ptr<detail::NetworkData> build(const Model& model, const PrepareOptions& options,
                                           std::vector<LayerPlan> plans,
                                           const detail::BackendOf& backend_of) {
  auto data = std::make_shared<detail::NetworkData>();
  wire(model, *data);
  name_layers(model, plans);
  const auto fused =
      detail::fuse_activations(model, data->wiring, data->buffers, plans, backend_of);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Backend& backend = backend_of(plans[i]);
    add_layer(*data, model.layers[i], backend, std::move(plans[i]), options, fused[i]);
  }
  return data;
}

/// Calls `body(model, precisions)` with the weights that the layers' precisions store.
template <class Body>
auto with_stored(const Model& model, const PrepareOptions& options, Body body) {
  const std::vector<Precision> precisions = layer_precisions(model, options);
  const bool rounds = std::ranges::any_of(
      precisions, [](Precision precision) { return stored_type(precision).has_value(); });
  return rounds ? body(store_weights(model, precisions), precisions) : body(model, precisions);
}

std::vector<LayerPlan> choose(const Model& model, const planning::World& world,
                              const std::string& choice, const PrepareOptions& options,
                              const std::vector<Precision>& precisions) {
  planning::Planner planner(world, options.plan, options.planning);
  std::vector<LayerPlan> plans;
  for (const ModelLayer& layer : model.layers) {
    const Precision precision = precisions[plans.size()];
    // Throws with everybody's reason if there is none.
    (void)select_backend(choice, layer.spec, precision);
    const planning::Problem problem{.layer = layer,
                                    .batch = std::max<std::int64_t>(options.batch, 1),
                                    .steps = std::max<std::int64_t>(options.steps, 1),
                                    .threads = options.threads,
                                    .exact_threads = options.exact_threads,
                                    .precision = precision};
    plans.push_back(
        planner.choose(problem, {.layer = plans.size(), .layer_count = model.layers.size()}));
    plans.back().precision = precision;
  }
  planner.keep();
  return plans;
}

/// The one that must be given; where there are several, the first.
const ModelInput& main_input(const detail::NetworkData& network) {
  return network.inputs[network.main_input == detail::kNone ? 0 : network.main_input];
}

}  // namespace

Network detail::prepare_on(const Backend& backend, const Model& model,
                           const PrepareOptions& options) {
  return with_stored(model, options, [&](const Model& stored, const auto& precisions) {
    std::vector<LayerPlan> plans;
    for (const ModelLayer& layer : stored.layers) {
      const Precision precision = precisions[plans.size()];
      const Support support = backend.supports(layer.spec, precision);
      if (!support) {
        throw Error(ErrorCode::unsupported,
                    formatted("{}: {}", describe(layer.spec), support.reason));
      }
      plans.push_back({.spec = layer.spec,
                       .backend = backend.id(),
                       .precision = precision,
                       .threads = options.threads});
    }
    return NetworkAccess::make(build(stored, options, std::move(plans),
                                     [&](const LayerPlan&) -> const Backend& { return backend; }));
  });
}

std::shared_ptr<detail::NetworkData> detail::prepare_data(const Model& model,
                                                          const PrepareOptions& options) {
  check(options);
  validate(model);
  const std::string choice = chosen_backend(options);
  return with_stored(model, options, [&](const Model& stored, const auto& precisions) {
    return build(stored, options,
                 choose(stored, planning::this_world(choice), choice, options, precisions),
                 planned_backend);
  });
}

Network::Network(std::shared_ptr<const detail::NetworkData> data) noexcept
    : data_(std::move(data)) {}

Stream Network::stream(const StreamOptions& options) const {
  return with_own_errors([&] { return Stream(data_, options); });
}

std::span<const LayerPlan> Network::layers() const noexcept { return data_->plans; }

std::span<const ModelInput> Network::inputs() const noexcept { return data_->inputs; }

std::span<const NetworkOutput> Network::outputs() const noexcept { return data_->outputs; }

std::int64_t Network::output_steps(std::int64_t steps, std::size_t output) const {
  if (output >= data_->outputs.size()) {
    throw Error(
        ErrorCode::invalid_argument,
        formatted("output_steps: there is no output {} among {}", output, data_->outputs.size()));
  }
  detail::require_in("output_steps: steps", steps, 0, detail::kMostSteps);
  const std::vector<std::int64_t> inputs = detail::input_steps(*data_, steps);
  std::vector<std::int64_t> flows(data_->layers.size());
  (void)detail::count_steps(*data_, inputs, flows);
  return detail::steps_of(data_->wiring.outputs[output], inputs, flows);
}

bool Network::optional_input(std::size_t input) const noexcept {
  return input < data_->inputs.size() && data_->wiring.optional_inputs[input];
}

bool Network::takes_ids() const noexcept { return main_input(*data_).ids; }

bool Network::whole_sequence() const noexcept { return data_->wiring.whole_sequence; }

std::int64_t Network::input_size() const noexcept { return main_input(*data_).size; }

std::int64_t Network::output_size() const noexcept {
  const std::size_t main = data_->main_output;
  return data_->outputs[main == detail::kNone ? 0 : main].size;
}

std::size_t Network::memory_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const LayerPlan& plan : data_->plans) bytes += plan.memory_bytes;
  return bytes;
}

Network prepare(const Model& model, const PrepareOptions& options) {
  return with_own_errors(
      [&] { return detail::NetworkAccess::make(detail::prepare_data(model, options)); });
}

namespace {

std::vector<LayerPlan> explain_plans(const Model& model, const PrepareOptions& options) {
  check(options);
  validate(model);
  const std::string choice = chosen_backend(options);
  const planning::World world = planning::this_world(choice);
  const std::vector<PlanCandidate> absent = planning::list_absent(world);
  std::vector<LayerPlan> plans =
      with_stored(model, options, [&](const Model& stored, const auto& precisions) {
        return choose(stored, world, choice, options, precisions);
      });
  name_layers(model, plans);
  for (LayerPlan& plan : plans) {
    plan.candidates.insert(plan.candidates.end(), absent.begin(), absent.end());
  }
  const Wiring wiring = resolve_wiring(model);
  (void)detail::fuse_activations(model, wiring, detail::plan_buffers(model, wiring), plans,
                                 planned_backend);
  return plans;
}

}  // namespace

std::vector<LayerPlan> explain(const Model& model, const PrepareOptions& options) {
  return with_own_errors([&] { return explain_plans(model, options); });
}

Network prepare(const ModelLayer& layer, const PrepareOptions& options) {
  Model model;
  model.layers.push_back(layer);
  return prepare(model, options);
}

}  // namespace carousel
