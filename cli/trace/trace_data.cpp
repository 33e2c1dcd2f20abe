// SPDX-License-Identifier: Apache-2.0
#include "trace_data.hpp"

#include "../vocabulary.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include <oracle/oracle.hpp>

namespace carousel::cli {
namespace {

bool is_gate(const Activation& activation) {
  return activation.kind == ActivationKind::sigmoid ||
         activation.kind == ActivationKind::hard_sigmoid;
}

std::vector<Signal> signals_of(const LayerSpec& spec, std::size_t direction,
                               const oracle::Trace& trace) {
  const bool gates = is_gate(spec.activations.at(direction)[0]);
  switch (spec.cell) {
    case Cell::lstm:
      return {{"f", gates, trace.f.value}, {"i", gates, trace.i.value},
              {"g", false, trace.g.value}, {"c", false, trace.c.value},
              {"o", gates, trace.o.value}, {"h", false, trace.h.value}};
    case Cell::gru:
      return {{"z", gates, trace.f.value},
              {"r", gates, trace.i.value},
              {"n", false, trace.g.value},
              {"h", false, trace.h.value}};
    case Cell::rnn: return {{"h", false, trace.h.value}};
    case Cell::linear: break;
  }
  return {};
}

std::string layer_name(const LayerSpec& spec, std::size_t layer, std::size_t direction) {
  const bool reverse = direction == 1 || spec.direction == Direction::reverse;
  return "layer " + std::to_string(layer) + (reverse ? ", reverse" : "");
}

/// Every unit if they are few; else those at even distances in the order of their memories, so that
/// the drawing shows all kinds.
std::vector<std::size_t> choose_units(const TracedLayer& layer, const TraceSettings& settings) {
  if (!settings.units.empty()) {
    for (const std::size_t unit : settings.units) {
      if (unit >= layer.units()) {
        throw Error("--units: there is no unit " + std::to_string(unit) + " in " + layer.name +
                    "; it has 0 to " + std::to_string(layer.units() - 1));
      }
    }
    return settings.units;
  }
  std::vector<std::size_t> order(layer.units());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::vector<Memory> by_memory = memories(layer);
  if (!by_memory.empty()) {
    std::ranges::transform(by_memory, order.begin(), &Memory::unit);
  }
  const std::size_t count = std::min(settings.most, order.size());
  std::vector<std::size_t> chosen;
  for (std::size_t k = 0; k < count; ++k) {
    chosen.push_back(order[count == 1 ? 0 : k * (order.size() - 1) / (count - 1)]);
  }
  return chosen;
}

void check_layers(const Model& model, const TraceSettings& settings) {
  for (const std::size_t layer : settings.layers) {
    if (layer < model.layers.size()) continue;
    throw Error("--layer: there is no layer " + std::to_string(layer) + "; the network has 0 to " +
                std::to_string(model.layers.size() - 1));
  }
}

oracle::Result run_oracle(const Workload& work) {
  const oracle::Quantity x = work.model.embedding
                                 ? oracle::embed(work.model, work.ids, work.steps, 1)
                                 : oracle::exact(work.x, work.steps, 1, work.model.input_size());
  return oracle::run(work.model, x, {}, {}, {.errors = {}, .trace = true});
}

/// The symbols' bits, where the outputs are the logits (or their logarithm) of the next symbol.
std::vector<double> surprise_of(const Workload& work, const oracle::Quantity& y) {
  const bool logits = work.model.tail == Tail::none || work.model.tail == Tail::log_softmax;
  if (!logits || work.steps < 2) return {};
  std::vector<double> bits;
  const auto outputs = static_cast<std::size_t>(y.features);
  for (std::size_t t = 0; t + 1 < static_cast<std::size_t>(work.steps); ++t) {
    const auto first = y.value.begin() + static_cast<std::ptrdiff_t>(t * outputs);
    const double top = *std::max_element(first, first + y.features);
    double sum = 0.0;
    for (std::size_t k = 0; k < outputs; ++k) sum += std::exp(y.value[t * outputs + k] - top);
    const auto next = static_cast<std::size_t>(work.ids[t + 1]);
    bits.push_back((top + std::log(sum) - y.value[t * outputs + next]) / std::log(2.0));
  }
  return bits;
}

bool predicts_its_symbols(const Model& model) {
  return model.embedding && model.metadata.contains("carousel.vocab") &&
         model.output_size() == model.embedding->num_embeddings;
}

void set_symbols(const Workload& work, NetworkTrace& trace) {
  trace.text = work.model.embedding && work.model.metadata.contains("carousel.vocab");
  if (trace.text) {
    const Vocabulary vocabulary(work.model);
    for (const std::int32_t id : work.ids) {
      trace.symbols.push_back(vocabulary.symbol(static_cast<std::size_t>(id)));
    }
    return;
  }
  for (std::int64_t t = 0; t < work.steps; ++t) {
    trace.symbols.push_back(
        std::to_string(work.model.embedding ? work.ids[static_cast<std::size_t>(t)] : t));
  }
}

}  // namespace

const Signal* TracedLayer::find(std::string_view key) const {
  const auto found = std::ranges::find(signals, key, &Signal::key);
  return found == signals.end() ? nullptr : &*found;
}

const Signal* TracedLayer::keep_gate() const {
  const Signal* gate = find(spec.cell == Cell::gru ? "z" : "f");
  return gate != nullptr && gate->gate ? gate : nullptr;
}

NetworkTrace trace_network(const Workload& work, const TraceSettings& settings) {
  check_layers(work.model, settings);
  oracle::Result result = run_oracle(work);
  NetworkTrace trace{.title = work.network, .symbols = {}, .layers = {}};
  set_symbols(work, trace);
  if (predicts_its_symbols(work.model)) trace.surprise = surprise_of(work, result.y);
  for (std::size_t k = 0; k < work.model.layers.size(); ++k) {
    const bool wanted =
        settings.layers.empty() || std::ranges::find(settings.layers, k) != settings.layers.end();
    if (!wanted) continue;
    const LayerSpec& spec = work.model.layers[k].spec;
    for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
      const std::string name = layer_name(spec, k, d);
      TracedLayer layer{.name = name,
                        .file_name = "layer" + std::to_string(k) + (d == 1 ? "_reverse" : ""),
                        .spec = spec,
                        .layer = k,
                        .direction = d,
                        .steps = work.steps,
                        .signals = signals_of(spec, d, result.layers[k].trace.at(d))};
      layer.shown = choose_units(layer, settings);
      layer.featured = settings.units.empty() ? telling_unit(layer) : settings.units.front();
      trace.layers.push_back(std::move(layer));
    }
  }
  return trace;
}

}  // namespace carousel::cli
