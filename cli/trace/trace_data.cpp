// SPDX-License-Identifier: Apache-2.0
#include "trace_data.hpp"

#include "../format.hpp"
#include "../model_facts.hpp"
#include "../oracle_reference.hpp"
#include "../vocabulary.hpp"
#include "trace_captions.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace carousel::cli {
namespace {

bool is_gate(const Activation& activation) {
  return activation.kind == ActivationKind::sigmoid ||
         activation.kind == ActivationKind::hard_sigmoid;
}

std::vector<Signal> signals_of(const RecurrentSpec& spec, std::size_t direction,
                               const oracle::Trace& trace) {
  const bool sigmoid = is_gate(spec.activations.at(direction)[0]);
  std::vector<Signal> signals;
  for (const SignalText& text : signal_texts(spec.cell)) {
    const auto found = trace.find(text.key);
    if (found == trace.end()) continue;
    signals.push_back({.key = std::string(text.key),
                       .gate = text.gate && sigmoid,
                       .values = found->second.value,
                       .title = std::string(text.title),
                       .caption = std::string(text.caption),
                       .keeps = text.keeps});
  }
  return signals;
}

/// Names of ONNX nodes may have slashes in them.
std::string file_name_of(std::string layer) {
  for (char& c : layer) {
    if (std::string_view("/\\:").find(c) != std::string_view::npos) c = '_';
  }
  return layer;
}

/// Every unit if they are few; else those at even distances in the order of their memories, so that
/// the drawing shows all kinds.
std::vector<std::size_t> choose_units(const TracedLayer& layer, const TraceSettings& settings) {
  if (!settings.units.empty()) {
    for (const std::size_t unit : settings.units) {
      if (unit >= layer.units()) {
        throw Error(ErrorCode::invalid_argument,
                    "--units: there is no unit " + std::to_string(unit) + " in " + layer.name +
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

/// The names of the layers that have gates or states to show.
std::vector<std::string> traceable(const Model& model) {
  const std::vector<std::string> all = layer_names(model);
  std::vector<std::string> names;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (std::holds_alternative<RecurrentSpec>(model.layers[k].spec)) names.push_back(all[k]);
  }
  return names;
}

void check_layers(const Model& model, const TraceSettings& settings) {
  const std::vector<std::string> names = traceable(model);
  if (names.empty()) {
    throw Error(ErrorCode::unsupported, model.source + ": has no recurrent layer to show");
  }
  for (const std::string& layer : settings.layers) {
    if (std::ranges::find(names, layer) != names.end()) continue;
    throw Error(ErrorCode::invalid_argument,
                "--layer: there is no recurrent layer '" + layer + "'; there are " + join(names));
  }
}

/// The symbols' bits, where the outputs are the logits (or their logarithm) of the next symbol.
std::vector<double> surprise_of(const Workload& work, const oracle::Quantity& y) {
  const auto* tail = std::get_if<ActivationSpec>(&work.model.layers.back().spec);
  const bool logits = tail == nullptr || tail->function.kind == ActivationKind::log_softmax;
  if (!logits || work.steps < 2) return {};
  std::vector<double> bits;
  const auto outputs = static_cast<std::size_t>(y.features);
  for (std::size_t t = 0; t + 1 < static_cast<std::size_t>(work.steps); ++t) {
    const auto first = y.value.begin() + static_cast<std::ptrdiff_t>(t * outputs);
    const double top = *std::max_element(first, first + y.features);
    double sum = 0.0;
    for (std::size_t k = 0; k < outputs; ++k) sum += std::exp(y.value[t * outputs + k] - top);
    const auto next = static_cast<std::size_t>(work.inputs.front().ids[t + 1]);
    bits.push_back((top + std::log(sum) - y.value[t * outputs + next]) / std::log(2.0));
  }
  return bits;
}

bool has_vocabulary(const Model& model) {
  return model.takes_ids() && model.metadata.contains("carousel.vocab");
}

bool predicts_its_symbols(const Model& model) {
  return has_vocabulary(model) && model.output_size() == id_count(model);
}

void set_symbols(const Workload& work, NetworkTrace& trace) {
  trace.text = has_vocabulary(work.model);
  if (trace.text) {
    const Vocabulary vocabulary(work.model);
    for (const std::int32_t id : work.inputs.front().ids) {
      trace.symbols.push_back(vocabulary.symbol(static_cast<std::size_t>(id)));
    }
    return;
  }
  const bool ids = work.model.takes_ids();
  for (std::int64_t t = 0; t < work.steps; ++t) {
    const std::int64_t id = ids ? work.inputs.front().ids[static_cast<std::size_t>(t)] : t;
    trace.symbols.push_back(std::to_string(id));
  }
}

/// Each direction of one layer.
void add_layer(const Workload& work, const TraceSettings& settings, std::size_t index,
               const std::string& name, const oracle::LayerResult& result, NetworkTrace& trace) {
  const auto* recurrent = std::get_if<RecurrentSpec>(&work.model.layers[index].spec);
  if (recurrent == nullptr) return;
  const RecurrentSpec& spec = *recurrent;
  for (std::size_t d = 0; d < result.trace.size(); ++d) {
    const bool reverse = d == 1 || spec.direction == Direction::reverse;
    TracedLayer layer{.name = name + (reverse ? ", reverse" : ""),
                      .file_name = file_name_of(name),
                      .spec = spec,
                      .layer = index,
                      .direction = d,
                      .steps = work.steps,
                      .signals = signals_of(spec, d, result.trace[d])};
    layer.shown = choose_units(layer, settings);
    layer.featured = settings.units.empty() ? telling_unit(layer) : settings.units.front();
    trace.layers.push_back(std::move(layer));
  }
}

}  // namespace

const Signal* TracedLayer::find(std::string_view key) const {
  const auto found = std::ranges::find(signals, key, &Signal::key);
  return found == signals.end() ? nullptr : &*found;
}

const Signal* TracedLayer::keep_gate() const {
  const auto found = std::ranges::find_if(
      signals, [](const Signal& signal) { return signal.keeps && signal.gate; });
  return found == signals.end() ? nullptr : &*found;
}

NetworkTrace trace_network(const Workload& work, const TraceSettings& settings) {
  check_layers(work.model, settings);
  const oracle::Result result =
      oracle::run(work.model, oracle_inputs(work), {}, {}, {.errors = {}, .trace = true});
  NetworkTrace trace{.title = work.network, .symbols = {}, .layers = {}};
  set_symbols(work, trace);
  if (predicts_its_symbols(work.model)) trace.surprise = surprise_of(work, result.y());
  const std::vector<std::string> names = layer_names(work.model);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const bool wanted = settings.layers.empty() ||
                        std::ranges::find(settings.layers, names[k]) != settings.layers.end();
    if (wanted) add_layer(work, settings, k, names[k], result.layers[k], trace);
  }
  return trace;
}

}  // namespace carousel::cli
