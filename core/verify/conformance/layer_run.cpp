// SPDX-License-Identifier: Apache-2.0
#include "core/model/wiring.hpp"
#include "core/verify/conformance/checks.hpp"
#include "core/verify/conformance/guarded.hpp"
#include "core/verify/conformance/runs.hpp"

#include <algorithm>
#include <list>
#include <optional>

namespace carousel::conformance {
namespace {

std::vector<float> to_float(const oracle::Quantity& q) {
  std::vector<float> values(q.value.size());
  std::ranges::transform(q.value, values.begin(), [](double v) { return static_cast<float>(v); });
  return values;
}

/// What one layer of a case is given, and what it should make of it.
class LayerTask {
 public:
  LayerTask(const Problem& problem, const Wiring& wiring, std::size_t l)
      : problem_(problem), layer_(problem.model.layers[l]), whole_(problem.expected.layers[l]) {
    bool exact = wiring.initial_states[l].empty();
    for (const Source& source : wiring.sources[l]) {
      exact = exact && source.of == Source::Of::model_input;
      if (!takes_ids(layer_.spec)) inputs_.push_back(rounded(source));
    }
    start_ = oracle_states(problem.model, problem.spec.batch, problem.states)[l];
    for (const InitialState& state : wiring.initial_states[l]) {
      start_[state.state] = rounded(state.source);
    }
    if (!exact) judge();
  }

  [[nodiscard]] const ModelLayer& layer() const { return layer_; }
  /// Features only, exact.
  [[nodiscard]] const std::vector<oracle::Quantity>& inputs() const { return inputs_; }
  [[nodiscard]] const oracle::LayerState& start() const { return start_; }
  [[nodiscard]] const oracle::LayerResult& expected() const { return own_ ? *own_ : whole_; }

 private:
  /// What the oracle has there, as float32.
  [[nodiscard]] oracle::Quantity rounded(const Source& source) const {
    const oracle::LayerResult* layer =
        source.of == Source::Of::model_input ? nullptr : &problem_.expected.layers[source.index];
    if (layer == nullptr) return given_input(source.index);
    const oracle::Quantity& q =
        source.of == Source::Of::layer ? layer->y : layer->state[source.state];
    return oracle::exact(to_float(q), q.steps, q.batch, q.features);
  }

  [[nodiscard]] oracle::Quantity given_input(std::size_t index) const {
    const Case& c = problem_.spec;
    const ModelInput input = model_inputs(problem_.model)[index];
    return oracle_inputs(problem_, 0, c.steps).at(input.name);
  }

  /// The answer to inputs that are rounded to float32.
  void judge() {
    std::vector<const oracle::Quantity*> pointers;
    pointers.reserve(inputs_.size());
    for (const oracle::Quantity& input : inputs_) pointers.push_back(&input);
    own_ = oracle::run_layer(layer_, pointers, whole_.lengths, start_,
                             {.errors = error_model(problem_.precision)});
  }

  const Problem& problem_;
  const ModelLayer& layer_;
  const oracle::LayerResult& whole_;
  std::vector<oracle::Quantity> inputs_;
  oracle::LayerState start_;
  std::optional<oracle::LayerResult> own_;
};

/// Everything that a layer reads and writes, each between guard words.
class LayerMemory {
 public:
  LayerMemory(const Problem& problem, const LayerTask& task)
      : spec_(task.layer().spec),
        lengths_(task.expected().lengths),
        y_(problem.spec.y_layout, task.expected().y.steps, problem.spec.batch, output_size(spec_)),
        ids_(problem.spec.x_layout, problem.spec.steps, problem.spec.batch, 1) {
    const Case& c = problem.spec;
    for (const oracle::Quantity& input : task.inputs()) {
      inputs_.emplace_back(c.x_layout, input.steps, c.batch, input.features).set(to_float(input));
    }
    if (takes_ids(spec_)) ids_.set(problem.ids);
    y_.set(std::vector<float>(task.expected().y.value.size(), kUnwritten));
    for (const oracle::Quantity& state : task.start()) {
      states_.emplace_back(Layout::steps_first, 1, c.batch, state.features).set(to_float(state));
    }
  }

  Status run(const Layer& layer, Workspace& workspace) const {
    std::vector<SequenceView<const float>> inputs;
    for (const Guarded<float>& input : inputs_) inputs.emplace_back(input.view());
    std::vector<float*> states;
    for (const Guarded<float>& state : states_) states.push_back(state.view().data);
    ForwardArgs args{
        .inputs = inputs,
        .y = y_.view(),
        .lengths = lengths_.empty() ? nullptr : lengths_.data(),
        .states = states,
    };
    if (takes_ids(spec_)) args.ids = ids_.view();
    return layer.forward(args, workspace);
  }

  void check() const {
    require(std::ranges::all_of(inputs_, &Guarded<float>::unchanged) && ids_.unchanged(),
            "forward wrote to its input");
    require(y_.guards_intact(), "forward wrote outside the rows of y");
    auto state = states_.begin();
    for (const StateSpec& spec : states(spec_)) {
      require((state++)->guards_intact(), "forward wrote outside " + spec.name);
    }
  }

  [[nodiscard]] std::vector<float> y() const { return y_.dense(); }
  [[nodiscard]] std::vector<std::vector<float>> final_states() const {
    std::vector<std::vector<float>> list;
    for (const Guarded<float>& state : states_) list.push_back(state.dense());
    return list;
  }

 private:
  const LayerSpec& spec_;
  std::vector<std::int64_t> lengths_;
  std::list<Guarded<float>> inputs_;
  Guarded<float> y_;
  Guarded<std::int32_t> ids_;
  std::list<Guarded<float>> states_;
};

void run_bare_layer(const Backend& backend, const Problem& problem, const LayerTask& task,
                    const std::string& where, CaseReport& report) {
  const Case& c = problem.spec;
  std::int64_t steps = std::max<std::int64_t>(c.steps, 1);
  for (const oracle::Quantity& input : task.inputs()) steps = std::max(steps, input.steps);
  const auto layer = backend.prepare(task.layer().spec, task.layer().weights,
                                     LayerOptions{.threads = c.threads,
                                                  .exact_threads = true,
                                                  .batch = c.batch,
                                                  .steps = steps,
                                                  .precision = problem.precision});
  const auto workspace = layer->workspace({.batch = c.batch, .max_steps = steps});
  const LayerMemory memory(problem, task);
  const Status status = memory.run(*layer, *workspace);
  require(static_cast<bool>(status), std::string("forward failed: ") + status.message());
  memory.check();
  check_values("y" + where, memory.y(), task.expected().y, report);
  check_layer_state(task.layer(), memory.final_states(), task.expected().state, where, report);
}

}  // namespace

void run_bare_layers(const Backend& backend, const Problem& problem, CaseReport& report) {
  const Wiring wiring = resolve_wiring(problem.model);
  const std::vector<std::string> names = layer_names(problem.model);
  for (std::size_t l = 0; l < names.size(); ++l) {
    const std::string where = names.size() == 1 ? "" : " of " + names[l];
    run_bare_layer(backend, problem, LayerTask(problem, wiring, l), where + " (bare layer)",
                   report);
  }
}

}  // namespace carousel::conformance
