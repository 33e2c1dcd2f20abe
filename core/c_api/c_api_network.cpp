// SPDX-License-Identifier: Apache-2.0
#include "c_api.hpp"

#include "core/model/formatted.hpp"

#include <carousel/file_axes.hpp>

#include <memory>

namespace carousel::c_api {
namespace {

void read_plan(const carousel_prepare_options& given, PrepareOptions& options) {
  require_enum(given.plan, CAROUSEL_PLAN_WISDOM_ONLY, "carousel_prepare_options: plan");
  // The enumerators have the same order, after the one for the default.
  if (given.plan != CAROUSEL_PLAN_DEFAULT) options.plan = static_cast<Plan>(given.plan - 1);
  PlanOptions& planning = options.planning;
  if (!(given.seconds_per_layer >= 0)) {
    refuse_argument(
        formatted("carousel_prepare_options: seconds_per_layer is {}, but must not be negative",
                  given.seconds_per_layer));
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

void read_precisions(const carousel_prepare_options& given, PrepareOptions& options) {
  options.precision = c_types::precision_from_c(given.precision, "carousel_prepare_options");
  require_array(given.layer_precisions, given.layer_precision_count,
                "carousel_prepare_options: layer_precisions");
  for (std::size_t k = 0; k < given.layer_precision_count; ++k) {
    const carousel_layer_precision& one = given.layer_precisions[k];
    require(one.layer, "carousel_layer_precision: layer");
    options.layer_precisions.push_back(
        {one.layer, c_types::precision_from_c(one.precision, "carousel_layer_precision")});
  }
}

PrepareOptions prepare_options(const carousel_prepare_options* from) {
  const carousel_prepare_options given = read_struct(from, "carousel_prepare_options");
  require_not_negative(given.threads, "carousel_prepare_options: threads");
  require_not_negative(given.batch, "carousel_prepare_options: batch");
  require_not_negative(given.steps, "carousel_prepare_options: steps");
  PrepareOptions options;
  if (given.backend != nullptr) options.backend = given.backend;
  if (given.threads > 0) options.threads = given.threads;
  if (given.batch > 0) options.batch = given.batch;
  if (given.steps > 0) options.steps = given.steps;
  options.exact_threads = given.exact_threads;
  read_precisions(given, options);
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
          .tiling = plan.tiling.c_str(),
          .precision = static_cast<std::int32_t>(plan.precision)};
}

carousel_sequence_info input_info(const carousel_network& network, std::size_t index) {
  const ModelInput& input = network.network.inputs()[index];
  const std::vector<carousel_file_axis>& axes = network.input_axes[index];
  return {.struct_size = 0,
          .name = input.name.c_str(),
          .size = input.size,
          .ids = input.ids,
          .one_step = input.one_step,
          .optional = network.network.optional_input(index),
          .axes = axes.data(),
          .axis_count = axes.size()};
}

carousel_sequence_info output_info(const carousel_network& network, std::size_t index) {
  const NetworkOutput& output = network.network.outputs()[index];
  const std::vector<carousel_file_axis>& axes = network.output_axes[index];
  return {.struct_size = 0,
          .name = output.name.c_str(),
          .size = output.size,
          .ids = false,
          .one_step = false,
          .optional = false,
          .axes = axes.data(),
          .axis_count = axes.size()};
}

carousel_network* make_network(Network network) {
  auto made = std::make_unique<carousel_network>(carousel_network{std::move(network), {}, {}});
  for (const ModelInput& input : made->network.inputs()) {
    made->input_axes.push_back(axes_to_c(file_axes(input.axes, input.size, input.ids)));
  }
  for (const NetworkOutput& output : made->network.outputs()) {
    made->output_axes.push_back(axes_to_c(file_axes(output.axes, output.size)));
  }
  return made.release();
}

/// Throws Error when there is no such `what`.
void require_index(std::size_t index, std::size_t count, const char* what) {
  if (index < count) return;
  refuse_argument(formatted("{} {} of a network with {}", what, index, count));
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
    *network = make_network(carousel::prepare(model->model, prepare_with));
  });
}

size_t carousel_network_layer_count(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.layers().size();
}

carousel_status carousel_network_layer(const carousel_network* network, size_t index,
                                       carousel_layer_info* info) {
  return guarded([&] {
    require(network, "network");
    require_index(index, network->network.layers().size(), "layer");
    write_struct(layer_info(network->network.layers()[index]), info, "info");
  });
}

size_t carousel_network_input_count(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.inputs().size();
}

carousel_status carousel_network_input(const carousel_network* network, size_t index,
                                       carousel_sequence_info* info) {
  return guarded([&] {
    require(network, "network");
    require_index(index, network->network.inputs().size(), "input");
    write_struct(input_info(*network, index), info, "info");
  });
}

size_t carousel_network_output_count(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.outputs().size();
}

carousel_status carousel_network_output(const carousel_network* network, size_t index,
                                        carousel_sequence_info* info) {
  return guarded([&] {
    require(network, "network");
    require_index(index, network->network.outputs().size(), "output");
    write_struct(output_info(*network, index), info, "info");
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

int64_t carousel_network_output_steps(const carousel_network* network, size_t index,
                                      int64_t steps) {
  return guarded_number(int64_t{0}, [&] {
    require(network, "network");
    return network->network.output_steps(steps, index);
  });
}

bool carousel_network_whole_sequence(const carousel_network* network) {
  return network != nullptr && network->network.whole_sequence();
}

size_t carousel_network_memory_bytes(const carousel_network* network) {
  return network == nullptr ? 0 : network->network.memory_bytes();
}

void carousel_network_free(carousel_network* network) { delete network; }
}
