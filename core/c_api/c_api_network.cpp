// SPDX-License-Identifier: Apache-2.0
#include "c_api.hpp"

namespace carousel::c_api {
namespace {

void read_plan(const carousel_prepare_options& given, PrepareOptions& options) {
  require_enum(given.plan, CAROUSEL_PLAN_WISDOM_ONLY, "carousel_prepare_options: plan");
  // The enumerators have the same order, after the one for the default.
  if (given.plan != CAROUSEL_PLAN_DEFAULT) options.plan = static_cast<Plan>(given.plan - 1);
  PlanOptions& planning = options.planning;
  if (!(given.seconds_per_layer >= 0)) {
    refuse_argument("carousel_prepare_options: seconds_per_layer must not be negative");
  }
  if (given.seconds_per_layer > 0) planning.seconds_per_layer = given.seconds_per_layer;
  planning.again = given.measure_again;
  planning.cross_check = given.cross_check;
  if (given.wisdom != nullptr) planning.wisdom = given.wisdom;
  if (given.progress != nullptr) {
    planning.progress = [call = given.progress, context = given.context](const PlanProgress& now) {
      call(context, now.done);
    };
  }
  if (given.report != nullptr) {
    planning.report = [call = given.report, context = given.context](const std::string& text) {
      call(context, text.c_str());
    };
  }
}

PrepareOptions prepare_options(const carousel_prepare_options* from) {
  const carousel_prepare_options given = read_struct(from, "carousel_prepare_options");
  if (given.threads < 0 || given.batch < 0 || given.steps < 0) {
    refuse_argument("carousel_prepare_options: threads, batch and steps must not be negative");
  }
  PrepareOptions options;
  if (given.backend != nullptr) options.backend = given.backend;
  if (given.threads > 0) options.threads = given.threads;
  if (given.batch > 0) options.batch = given.batch;
  if (given.steps > 0) options.steps = given.steps;
  options.exact_threads = given.exact_threads;
  options.precision = c_types::precision_from_c(given.precision, "carousel_prepare_options");
  read_plan(given, options);
  return options;
}

carousel_layer_info layer_info(const LayerPlan& plan) {
  const carousel_layer_spec spec = c_types::to_c(plan.spec);
  return {.struct_size = 0,
          .name = plan.name.c_str(),
          .kind = spec.kind,
          .direction = spec.direction,
          .input_size = input_size(plan.spec),
          .hidden_size = spec.hidden_size,
          .output_size = output_size(plan.spec),
          .backend = plan.backend.c_str(),
          .memory_bytes = plan.memory_bytes,
          .threads = plan.threads,
          .source = name(plan.source).data(),  // a string literal
          .reason = plan.reason.c_str(),
          .tiling = plan.tiling.c_str()};
}

carousel_sequence_info sequence_info(const ModelInput& input) {
  return {.struct_size = 0, .name = input.name.c_str(), .size = input.size, .ids = input.ids};
}

carousel_sequence_info sequence_info(const NetworkOutput& output) {
  return {.struct_size = 0, .name = output.name.c_str(), .size = output.size, .ids = false};
}

/// The element at `index` of a list of `what`. Throws Error when there is none.
template <class T>
const T& element(std::span<const T> list, std::size_t index, const char* what) {
  if (index < list.size()) return list[index];
  refuse_argument(std::string(what) + " " + std::to_string(index) + " of a network with " +
                  std::to_string(list.size()));
}

}  // namespace
}  // namespace carousel::c_api

using namespace carousel::c_api;

extern "C" {

carousel_status carousel_prepare(const carousel_model* model,
                                 const carousel_prepare_options* options,
                                 carousel_network** network) {
  return guarded([&] {
    require_result(network, "network");
    require(model, "model");
    const carousel::PrepareOptions prepare_with = prepare_options(options);
    *network = new carousel_network{carousel::prepare(model->model, prepare_with)};
  });
}

size_t carousel_network_layer_count(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.layers().size();
}

carousel_status carousel_network_layer(const carousel_network* network, size_t index,
                                       carousel_layer_info* info) {
  return guarded([&] {
    require(network, "network");
    write_struct(layer_info(element(network->network.layers(), index, "layer")), info, "info");
  });
}

size_t carousel_network_input_count(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.inputs().size();
}

carousel_status carousel_network_input(const carousel_network* network, size_t index,
                                       carousel_sequence_info* info) {
  return guarded([&] {
    require(network, "network");
    write_struct(sequence_info(element(network->network.inputs(), index, "input")), info, "info");
  });
}

size_t carousel_network_output_count(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.outputs().size();
}

carousel_status carousel_network_output(const carousel_network* network, size_t index,
                                        carousel_sequence_info* info) {
  return guarded([&] {
    require(network, "network");
    write_struct(sequence_info(element(network->network.outputs(), index, "output")), info, "info");
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
  return network != nullptr && network->network.whole_sequence();
}

size_t carousel_network_memory_bytes(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.memory_bytes();
}

void carousel_network_free(carousel_network* network) { delete network; }
}
