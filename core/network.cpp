// SPDX-License-Identifier: Apache-2.0
#include "network_data.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>

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
}

WeightsView view(const DirectionWeights& w) {
  return {w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, w.weight_hr, w.peephole};
}

void add_layer(detail::NetworkData& network, const ModelLayer& layer, const Backend& backend,
               const PrepareOptions& options) {
  network.layers.push_back(backend.prepare(layer.spec, detail::weights_of(layer),
                                           {.threads = options.threads,
                                            .exact_threads = options.exact_threads,
                                            .batch = options.batch,
                                            .steps = options.steps}));
  auto& initial = network.initial.emplace_back();
  for (std::size_t d = 0; d < initial.size(); ++d) {
    initial.at(d) = {layer.directions.at(d).initial_h, layer.directions.at(d).initial_c};
  }
  network.plans.push_back({layer.spec, backend.id(), network.layers.back()->memory_bytes()});
}

/// `backend_of(spec)` is who runs a layer.
template <class BackendOf>
Network build(const Model& model, const PrepareOptions& options, BackendOf backend_of) {
  auto data = std::make_shared<detail::NetworkData>();
  data->embedding = model.embedding;
  data->tail = model.tail;
  const auto add = [&](const ModelLayer& layer) {
    add_layer(*data, layer, backend_of(layer.spec), options);
  };
  for (const ModelLayer& layer : model.layers) add(layer);
  if (model.head) add(*model.head);
  return Network(std::move(data));
}

}  // namespace

LayerWeights detail::weights_of(const ModelLayer& layer) {
  return {view(layer.directions[0]), view(layer.directions[1])};
}

Network detail::prepare_on(const Backend& backend, const Model& model,
                           const PrepareOptions& options) {
  return build(model, options, [&](const LayerSpec& spec) -> const Backend& {
    const Support support = backend.supports(spec);
    if (!support) throw Error(describe(spec) + ": " + support.reason);
    return backend;
  });
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
  return build(model, options, [&](const LayerSpec& spec) -> const Backend& {
    return select_backend(choice, spec);
  });
}

Network prepare(const ModelLayer& layer, const PrepareOptions& options) {
  Model model;
  model.layers.push_back(layer);
  return prepare(model, options);
}

}  // namespace carousel
