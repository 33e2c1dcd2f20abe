// SPDX-License-Identifier: Apache-2.0
#include "c_api.hpp"

namespace carousel::c_api {
namespace {

PrepareOptions prepare_options(const carousel_prepare_options* from) {
  const carousel_prepare_options given = read_struct(from, "carousel_prepare_options");
  if (given.threads < 0 || given.batch < 0 || given.steps < 0) {
    throw InvalidArgument(
        "carousel_prepare_options: threads, batch and steps must not be negative");
  }
  PrepareOptions options;
  if (given.backend != nullptr) options.backend = given.backend;
  if (given.threads > 0) options.threads = given.threads;
  if (given.batch > 0) options.batch = given.batch;
  if (given.steps > 0) options.steps = given.steps;
  options.exact_threads = given.exact_threads;
  return options;
}

carousel_layer_info layer_info(const LayerPlan& plan) {
  return {.struct_size = 0,
          .cell = static_cast<std::int32_t>(plan.spec.cell),
          .direction = static_cast<std::int32_t>(plan.spec.direction),
          .input_size = plan.spec.input_size,
          .hidden_size = plan.spec.hidden_size,
          .state_size = plan.spec.state_size(),
          .output_size = plan.spec.output_size(),
          .backend = plan.backend.c_str(),
          .memory_bytes = plan.memory_bytes};
}

}  // namespace
}  // namespace carousel::c_api

using namespace carousel::c_api;

extern "C" {

carousel_status carousel_prepare(const carousel_model* model,
                                 const carousel_prepare_options* options,
                                 carousel_network** network) {
  carousel::PrepareOptions prepare_with;
  const carousel_status status = guarded(CAROUSEL_BAD_MODEL, [&] {
    require_result(network, "network");
    require(model, "model");
    prepare_with = prepare_options(options);
    carousel::validate(model->model);
  });
  if (status != CAROUSEL_OK) return status;
  return guarded(CAROUSEL_UNSUPPORTED, [&] {
    *network = new carousel_network{carousel::prepare(model->model, prepare_with)};
  });
}

size_t carousel_network_layer_count(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.layers().size();
}

carousel_status carousel_network_layer(const carousel_network* network, size_t index,
                                       carousel_layer_info* info) {
  return guarded(CAROUSEL_INTERNAL_ERROR, [&] {
    require(network, "network");
    const auto layers = network->network.layers();
    if (index >= layers.size()) {
      throw InvalidArgument("layer " + std::to_string(index) + " of a network with " +
                            std::to_string(layers.size()));
    }
    write_struct(layer_info(layers[index]), info, "info");
  });
}

int64_t carousel_network_input_size(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.input_size();
}

int64_t carousel_network_output_size(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.output_size();
}

bool carousel_network_takes_ids(const carousel_network* network) {
  return network != nullptr && network->network.takes_ids();
}

bool carousel_network_bidirectional(const carousel_network* network) {
  return network != nullptr && network->network.bidirectional();
}

size_t carousel_network_memory_bytes(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.memory_bytes();
}

void carousel_network_free(carousel_network* network) { delete network; }
}
