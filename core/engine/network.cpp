// SPDX-License-Identifier: Apache-2.0
#include "network_data.hpp"

#include "core/planning/planner.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace carousel {
namespace {

std::string chosen_backend(const PrepareOptions& options) {
  if (!options.backend.empty()) return options.backend;
  const char* environment = std::getenv("CAROUSEL_BACKEND");
  return environment == nullptr || *environment == '\0' ? "auto" : environment;
}

void check(const PrepareOptions& options) {
  if (options.threads < 1) {
    throw Error("prepare: threads is " + std::to_string(options.threads) +
                ", but must be at least 1");
  }
  if (options.batch < 0 || options.steps < 0) {
    throw Error("prepare: the expected batch and steps must not be negative");
  }
  if (!(options.planning.seconds_per_layer > 0)) {
    throw Error("prepare: planning.seconds_per_layer must be positive");
  }
}

WeightsView view(const DirectionWeights& w) {
  return {w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, w.weight_hr, w.peephole};
}

void add_layer(detail::NetworkData& network, const ModelLayer& layer, const Backend& backend,
               LayerPlan plan, const PrepareOptions& options) {
  LayerOptions how{.threads = plan.threads,
                   .exact_threads = options.exact_threads,
                   .batch = options.batch,
                   .steps = options.steps};
  // What a backend does by itself it fits to each stream, so that is not prescribed.
  const std::vector<std::string> tilings = backend.tilings(layer.spec, how);
  if (!tilings.empty() && tilings.front() != plan.tiling) how.tiling = plan.tiling;
  network.layers.push_back(backend.prepare(layer.spec, detail::weights_of(layer), how));
  auto& initial = network.initial.emplace_back();
  for (std::size_t d = 0; d < initial.size(); ++d) {
    initial.at(d) = {layer.directions.at(d).initial_h, layer.directions.at(d).initial_c};
  }
  plan.memory_bytes = network.layers.back()->memory_bytes();
  network.plans.push_back(std::move(plan));
}

/// Bottom up, the head last.
std::vector<const ModelLayer*> all_layers(const Model& model) {
  std::vector<const ModelLayer*> layers;
  for (const ModelLayer& layer : model.layers) layers.push_back(&layer);
  if (model.head) layers.push_back(&*model.head);
  return layers;
}

/// `backend_of(plan)` is who runs a layer.
template <class BackendOf>
Network build(const Model& model, const PrepareOptions& options, std::vector<LayerPlan> plans,
              BackendOf backend_of) {
  auto data = std::make_shared<detail::NetworkData>();
  data->embedding = model.embedding;
  data->tail = model.tail;
  const std::vector<const ModelLayer*> layers = all_layers(model);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Backend& backend = backend_of(plans[i]);
    add_layer(*data, *layers[i], backend, std::move(plans[i]), options);
  }
  return Network(std::move(data));
}

std::vector<LayerPlan> choose(const Model& model, const planning::World& world,
                              const std::string& choice, const PrepareOptions& options) {
  const std::vector<const ModelLayer*> layers = all_layers(model);
  planning::Planner planner(world, options.plan, options.planning);
  std::vector<LayerPlan> plans;
  for (const ModelLayer* layer : layers) {
    (void)select_backend(choice, layer->spec);  // throws with everybody's reason if there is none
    const planning::Problem problem{.layer = *layer,
                                    .batch = std::max<std::int64_t>(options.batch, 1),
                                    .steps = std::max<std::int64_t>(options.steps, 1),
                                    .threads = options.threads,
                                    .exact_threads = options.exact_threads};
    plans.push_back(planner.choose(problem, {.layer = plans.size(), .layer_count = layers.size()}));
  }
  planner.keep();
  return plans;
}

}  // namespace

LayerWeights detail::weights_of(const ModelLayer& layer) {
  return {view(layer.directions[0]), view(layer.directions[1])};
}

Network detail::prepare_on(const Backend& backend, const Model& model,
                           const PrepareOptions& options) {
  std::vector<LayerPlan> plans;
  for (const ModelLayer* layer : all_layers(model)) {
    const Support support = backend.supports(layer->spec);
    if (!support) throw Error(describe(layer->spec) + ": " + support.reason);
    plans.push_back({.spec = layer->spec, .backend = backend.id(), .threads = options.threads});
  }
  return build(model, options, std::move(plans),
               [&](const LayerPlan&) -> const Backend& { return backend; });
}

bool detail::NetworkData::needs_whole_sequence() const {
  return std::ranges::any_of(
      plans, [](const LayerPlan& plan) { return plan.spec.direction != Direction::forward; });
}

Network::Network(std::shared_ptr<const detail::NetworkData> data) noexcept
    : data_(std::move(data)) {}

Stream Network::stream(const StreamOptions& options) const { return {data_, options}; }

std::span<const LayerPlan> Network::layers() const noexcept { return data_->plans; }

bool Network::takes_ids() const noexcept { return data_->embedding.has_value(); }

bool Network::bidirectional() const noexcept { return data_->needs_whole_sequence(); }

std::int64_t Network::input_size() const noexcept {
  return takes_ids() ? 1 : data_->layer_input_size();
}

std::int64_t Network::output_size() const noexcept { return data_->output_size(); }

std::size_t Network::memory_bytes() const noexcept {
  std::size_t bytes = takes_ids() ? data_->embedding->weight.size() * sizeof(float) : 0;
  for (const LayerPlan& plan : data_->plans) bytes += plan.memory_bytes;
  return bytes;
}

Network prepare(const Model& model, const PrepareOptions& options) {
  check(options);
  validate(model);
  const std::string choice = chosen_backend(options);
  return build(model, options, choose(model, planning::this_world(choice), choice, options),
               [](const LayerPlan& plan) -> const Backend& {
                 return *select_backends(plan.backend).front();
               });
}

std::vector<LayerPlan> explain(const Model& model, const PrepareOptions& options) {
  check(options);
  validate(model);
  const std::string choice = chosen_backend(options);
  const planning::World world = planning::this_world(choice);
  const std::vector<PlanCandidate> absent = planning::list_absent(world);
  auto plans = choose(model, world, choice, options);
  for (LayerPlan& plan : plans) {
    plan.candidates.insert(plan.candidates.end(), absent.begin(), absent.end());
  }
  return plans;
}

Network prepare(const ModelLayer& layer, const PrepareOptions& options) {
  Model model;
  model.layers.push_back(layer);
  return prepare(model, options);
}

}  // namespace carousel
