// SPDX-License-Identifier: Apache-2.0
#include "precision_loss.hpp"

#include "model_facts.hpp"
#include "workload_run.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::cli {
namespace {

/// The model with the outputs of its recurrent layers before its own.
Model with_layer_outputs(const Model& model) {
  Model all = model;
  all.outputs.clear();
  const std::vector<std::string> names = layer_names(model);
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (!std::holds_alternative<RecurrentSpec>(model.layers[k].spec)) continue;
    all.outputs.push_back({.name = "layer " + names[k], .layer = names[k]});
  }
  for (const ModelOutput& output : model_outputs(model)) all.outputs.push_back(output);
  return all;
}

SequenceLoss loss_of(const std::string& name, std::span<const float> exact,
                     std::span<const float> found) {
  double signal = 0;
  double noise = 0;
  SequenceLoss loss{.name = name};
  for (std::size_t k = 0; k < exact.size(); ++k) {
    const double difference = double{found[k]} - exact[k];
    signal += double{exact[k]} * exact[k];
    noise += difference * difference;
    if (!(std::fabs(difference) <= loss.max_abs)) loss.max_abs = std::fabs(difference);
  }
  loss.sqnr_db = 10 * std::log10(signal / noise);
  return loss;
}

/// -log2 of the probability that a row of logits gives to `id`.
double surprise(std::span<const float> logits, std::int32_t id) {
  const double top = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - top);
  return (std::log(sum) + top - logits[static_cast<std::size_t>(id)]) / std::log(2.0);
}

/// Of the one output of a network that reads `ids`, [steps, batch].
double bits_per_symbol(std::span<const float> logits, const std::vector<std::int32_t>& ids,
                       std::size_t batch) {
  const std::size_t width = logits.size() / ids.size();
  double total = 0;
  for (std::size_t k = 0; k + batch < ids.size(); ++k) {
    total += surprise(logits.subspan(k * width, width), ids[k + batch]);
  }
  return total / static_cast<double>(ids.size() - batch);
}

bool predicts_symbols(const Workload& work, const Network& network) {
  return work.inputs.size() == 1 && work.inputs.front().about.ids && work.steps > 1 &&
         model_outputs(work.model).size() == 1 &&
         network.outputs().back().size == id_count(work.model);
}

}  // namespace

PrecisionLoss precision_loss(const Workload& work, const std::string& choice,
                             const PrecisionChoice& precision) {
  const Model model = with_layer_outputs(work.model);
  const auto prepared = [&](const PrecisionChoice& how) {
    return prepare(model, {.backend = choice,
                           .batch = work.batch,
                           .steps = work.steps,
                           .precision = how.network,
                           .layer_precisions = how.layers,
                           .plan = Plan::fixed});
  };
  const Network exact = prepared({});
  const Network rounded = prepared(precision);
  WorkloadRun exact_run(exact, work, work.steps);
  WorkloadRun rounded_run(rounded, work, work.steps);
  const auto run = [&](const Network& network, WorkloadRun& each) {
    Stream stream = network.stream({.batch = work.batch, .max_steps = work.steps});
    if (const Status status = each(stream); !status) {
      throw Error(ErrorCode::invalid_argument, status.message());
    }
  };
  run(exact, exact_run);
  run(rounded, rounded_run);
  PrecisionLoss loss;
  for (std::size_t k = 0; k < exact.outputs().size(); ++k) {
    loss.sequences.push_back(
        loss_of(exact.outputs()[k].name, exact_run.output(k), rounded_run.output(k)));
  }
  if (predicts_symbols(work, exact)) {
    const std::size_t last = exact.outputs().size() - 1;
    const auto bits = [&](const WorkloadRun& each) {
      return bits_per_symbol(each.output(last), work.inputs.front().ids,
                             static_cast<std::size_t>(work.batch));
    };
    loss.bits = {.float32 = bits(exact_run), .precision = bits(rounded_run)};
  }
  return loss;
}

}  // namespace carousel::cli
