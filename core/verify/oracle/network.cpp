// SPDX-License-Identifier: Apache-2.0
// Whole models, layer by layer along their wiring.
#include "core/model/wiring.hpp"
#include "core/verify/oracle/run.hpp"

#include <algorithm>
#include <optional>

namespace carousel::oracle {
namespace {

using Lengths = std::vector<std::int64_t>;

/// The model's inputs in its order; null for those left out that may be.
std::vector<const Quantity*> in_order(const Model& model, const Wiring& wiring,
                                      const Inputs& inputs) {
  std::vector<const Quantity*> list;
  std::size_t found_count = 0;
  for (const ModelInput& input : model_inputs(model)) {
    const auto found = inputs.find(input.name);
    const bool given = found != inputs.end();
    require(given || wiring.optional_inputs[list.size()], "an input is missing");
    require(!given || !input.one_step || found->second.steps == 1, "an input has one step");
    list.push_back(given ? &found->second : nullptr);
    found_count += given ? 1 : 0;
  }
  require(found_count == inputs.size(), "the model has no input of that name");
  return list;
}

/// One run of a model. What depends on an input that was left out is left out as well.
class NetworkRun {
 public:
  NetworkRun(const Model& model, Wiring wiring, std::vector<const Quantity*> given,
             std::span<const std::int64_t> lengths, const Options& options)
      : model_(model),
        wiring_(std::move(wiring)),
        given_(std::move(given)),
        argument_(lengths.begin(), lengths.end()),
        options_(options) {
    result_.layers.reserve(model.layers.size());
    const std::optional<Source>& from = wiring_.lengths;
    if (from && from->of == Source::Of::model_input) take_lengths(given_[from->index]);
  }

  [[nodiscard]] Result run(std::span<const LayerState> initial) && {
    for (std::size_t l = 0; l < model_.layers.size(); ++l) {
      run_next(l, initial.empty() ? nullptr : &initial[l]);
      if (wiring_.lengths == Source{Source::Of::layer, l}) take_lengths(find(*wiring_.lengths));
    }
    for (const Source& output : wiring_.outputs) {
      const Quantity* y = find(output);
      require(y != nullptr, "an output depends on an input that is missing");
      result_.outputs.push_back(*y);
    }
    return std::move(result_);
  }

 private:
  /// Null if it depends on an input that was left out.
  [[nodiscard]] const Quantity* find(const Source& source) const {
    if (source.of == Source::Of::model_input) return given_[source.index];
    const LayerResult& layer = result_.layers[source.index];
    if (layer.y.features == 0) return nullptr;
    return source.of == Source::Of::layer ? &layer.y : &layer.state[source.state];
  }

  void run_next(std::size_t l, const LayerState* initial) {
    const ModelLayer& layer = model_.layers[l];
    std::vector<const Quantity*> inputs;
    for (const Source& source : wiring_.sources[l]) inputs.push_back(find(source));
    lengths_.emplace_back();
    if (std::ranges::count(inputs, nullptr) > 0) {
      result_.layers.emplace_back();
      return;
    }
    LayerState start = initial == nullptr ? initial_state(layer, inputs.front()->batch) : *initial;
    for (const InitialState& state : wiring_.initial_states[l]) {
      if (const Quantity* from = find(state.source)) start[state.state] = *from;
    }
    const Lengths lengths = lengths_of_inputs(l, inputs);
    Options options = options_;
    if (!options.precisions.empty()) options.errors.int8 = options.precisions[l] == Precision::int8;
    result_.layers.push_back(run_layer(layer, inputs, lengths, start, options));
    for (const std::int64_t length : lengths) {
      lengths_.back().push_back(output_steps(layer.spec, length));
    }
  }

  /// The real steps of the longest sequence that a layer reads; empty: all steps.
  [[nodiscard]] Lengths lengths_of_inputs(std::size_t l,
                                          std::span<const Quantity* const> inputs) const {
    const auto longest = std::ranges::max_element(inputs, {}, &Quantity::steps);
    Lengths lengths = taken_ ? *taken_ : Lengths();
    if (!taken_ && !argument_.empty()) {
      const Source& from = wiring_.sources[l][static_cast<std::size_t>(longest - inputs.begin())];
      if (from.of == Source::Of::layer) lengths = lengths_[from.index];
      const bool sequence =
          from.of == Source::Of::model_input && !model_inputs(model_)[from.index].one_step;
      if (sequence) lengths = argument_;
    }
    for (std::int64_t& length : lengths) length = std::min(length, (*longest)->steps);
    return lengths;
  }

  /// Takes over the lengths that the model itself says; null: it does not.
  void take_lengths(const Quantity* lengths) {
    if (lengths == nullptr) return;
    require(argument_.empty(), "the model's lengths are given twice");
    taken_.emplace();
    for (const double length : lengths->value) taken_->push_back(static_cast<std::int64_t>(length));
  }

  const Model& model_;
  Wiring wiring_;
  std::vector<const Quantity*> given_;
  Lengths argument_;
  const Options& options_;
  std::optional<Lengths> taken_;  ///< Those that the model itself says.
  std::vector<Lengths> lengths_;  ///< Of what each layer puts out.
  Result result_;
};

}  // namespace

Result run(const Model& model, const Inputs& inputs, std::span<const std::int64_t> lengths,
           std::span<const LayerState> initial, const Options& options) {
  require(initial.empty() || initial.size() == model.layers.size(), "one state per layer");
  Wiring wiring = resolve_wiring(model);
  std::vector<const Quantity*> given = in_order(model, wiring, inputs);
  return NetworkRun(model, std::move(wiring), std::move(given), lengths, options).run(initial);
}

Result run(const Model& model, const Quantity& x, std::span<const std::int64_t> lengths,
           std::span<const LayerState> initial, const Options& options) {
  const std::vector<ModelInput> inputs = model_inputs(model);
  require(inputs.size() == 1, "the model has several inputs");
  return run(model, Inputs{{inputs.front().name, x}}, lengths, initial, options);
}

Quantity stacked(const Model& model, const Result& result, std::string_view name) {
  Quantity all;
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const std::vector<StateSpec> specs = states(model.layers[l].spec);
    for (std::size_t k = 0; k < specs.size(); ++k) {
      if (specs[k].name != name && specs[k].name != in_direction(name, 1)) continue;
      const Quantity& state = result.layers[l].state[k];
      all.steps += 1;
      all.batch = state.batch;
      all.features = state.features;
      all.value.insert(all.value.end(), state.value.begin(), state.value.end());
      all.tolerance.insert(all.tolerance.end(), state.tolerance.begin(), state.tolerance.end());
    }
  }
  return all;
}

}  // namespace carousel::oracle
