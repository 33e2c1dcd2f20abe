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

void add_layer(detail::NetworkData& network, const ModelLayer& layer, const std::string& choice,
               const PrepareOptions& options) {
  const Backend& backend = select_backend(choice, layer.spec);
  const LayerWeights weights{view(layer.directions[0]), view(layer.directions[1])};
  network.layers.push_back(backend.prepare(layer.spec, weights,
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

}  // namespace

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
  auto data = std::make_shared<detail::NetworkData>();
  data->embedding = model.embedding;
  data->tail = model.tail;
  for (const ModelLayer& layer : model.layers) add_layer(*data, layer, choice, options);
  if (model.head) add_layer(*data, *model.head, choice, options);
  return Network(std::move(data));
}

Network prepare(const ModelLayer& layer, const PrepareOptions& options) {
  Model model;
  model.layers.push_back(layer);
  return prepare(model, options);
}

}  // namespace carousel
