// SPDX-License-Identifier: Apache-2.0
#include "build_model.hpp"

#include "load_onnx.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/model/formats/model_text.hpp"
#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

/// A stage that the network ends with: one of its outputs, or the last final state.
struct End {
  std::size_t stage = 0;
  std::string output;              ///< Empty when there are only final states.
  const Tensor* tensor = nullptr;  ///< Null when there are only final states.
};

const Sequence* as_output(const Value& value) {
  const auto* tensor = std::get_if<Tensor>(&value);
  return tensor == nullptr ? nullptr : std::get_if<Sequence>(&tensor->source);
}

const FinalState* as_state(const Value& value) {
  const auto* tensor = std::get_if<Tensor>(&value);
  return tensor == nullptr ? nullptr : std::get_if<FinalState>(&tensor->source);
}

/// The outputs that are sequences, once for each stage.
std::vector<End> sequence_ends(const Context& context, const std::vector<NetworkOutput>& outputs) {
  std::vector<End> ends;
  for (const NetworkOutput& output : outputs) {
    const Sequence* sequence = as_output(output.value);
    if (sequence == nullptr) continue;
    if (sequence->part) {
      throw Refusal("output " + quote(output.name) + " is only one direction of a layer");
    }
    if (context.stages[sequence->stage].is_input()) {
      throw Refusal("output " + quote(output.name) + " comes before any layer");
    }
    const bool known =
        std::ranges::any_of(ends, [&](const End& end) { return end.stage == sequence->stage; });
    const End end{sequence->stage, output.name, &std::get<Tensor>(output.value)};
    if (!known) ends.push_back(end);
  }
  return ends;
}

std::vector<End> find_ends(const Context& context, const std::vector<NetworkOutput>& outputs) {
  std::vector<End> ends = sequence_ends(context, outputs);
  if (!ends.empty()) return ends;
  std::optional<std::size_t> last_state;
  for (const NetworkOutput& output : outputs) {
    const FinalState* state = as_state(output.value);
    if (state == nullptr) continue;
    for (const StateSlot& slot : state->slots) {
      last_state = std::max(last_state.value_or(0), slot.stage);
    }
  }
  if (!last_state) throw Refusal("no output comes from a recurrent layer (LSTM, GRU or RNN)");
  return {{*last_state, "", nullptr}};
}

/// The stages that lead to the ends, in the order they run.
std::set<std::size_t> stages_before(const Context& context, const std::vector<End>& ends) {
  std::set<std::size_t> found;
  std::vector<std::size_t> open;
  open.reserve(ends.size());
  for (const End& end : ends) open.push_back(end.stage);
  while (!open.empty()) {
    const std::size_t stage = open.back();
    open.pop_back();
    if (!found.insert(stage).second) continue;
    const std::vector<std::size_t>& parents = context.stages[stage].parents;
    open.insert(open.end(), parents.begin(), parents.end());
  }
  return found;
}

/// Final states of layers that the outputs do not come from belong to another network.
void check_states(const std::vector<NetworkOutput>& outputs, const std::set<std::size_t>& stages) {
  for (const NetworkOutput& output : outputs) {
    const FinalState* state = as_state(output.value);
    if (state == nullptr) continue;
    const bool all = std::ranges::all_of(
        state->slots, [&](const StateSlot& slot) { return stages.contains(slot.stage); });
    if (!all) {
      throw Refusal("output " + quote(output.name) +
                    " is the state of a layer beside the others; layers must follow each other");
    }
  }
}

void check_lengths(const Context& context, const std::set<std::size_t>& stages) {
  std::size_t layers = 0;
  std::size_t with_lengths = 0;
  for (const std::size_t stage : stages) {
    if (context.stages[stage].recurrent() == nullptr) continue;
    ++layers;
    if (context.stages[stage].takes_lengths) ++with_lengths;
  }
  if (with_lengths != 0 && with_lengths != layers) {
    throw Refusal("some layers have sequence_lens and others have none");
  }
}

/// Gives the axes of an input the meanings that their names say, as in files of save_onnx. False
/// unless there is one axis of steps and one of batch rows.
bool bind_by_names(Context& context, const Stage& input) {
  std::size_t steps = 0;
  std::size_t batch = 0;
  for (const Axis& axis : input.axes) {
    if (axis.size() != 1) continue;
    Atom& atom = context.atoms[axis.front()];
    if (atom.role == Role::none && atom.name == name(Role::steps)) atom.role = Role::steps;
    if (atom.role == Role::none && atom.name == name(Role::batch)) atom.role = Role::batch;
    steps += atom.role == Role::steps ? 1 : 0;
    batch += atom.role == Role::batch ? 1 : 0;
  }
  return steps == 1 && batch == 1;
}

/// A recurrent layer fixes what the axes of its input count; where there is none, only their names
/// can.
void check_axes(Context& context, const std::set<std::size_t>& stages) {
  const bool recurrent = std::ranges::any_of(
      stages, [&](std::size_t k) { return context.stages[k].recurrent() != nullptr; });
  if (recurrent) return;
  for (const std::size_t k : stages) {
    const Stage& stage = context.stages[k];
    if (!stage.is_input() || bind_by_names(context, stage)) continue;
    throw Refusal(
        "no recurrent layer (LSTM, GRU or RNN) leads to the outputs, and the axes of input " +
        quote(stage.input_name) + " are not named steps and batch");
  }
}

/// Puts the stages together as a model.
class ModelBuilder {
 public:
  ModelBuilder(const Context& context, const std::set<std::size_t>& stages,
               const std::vector<End>& ends, const ModelNames& names)
      : context_(context), stages_(stages), ends_(ends), given_(names) {}

  Model build() {
    for (const std::size_t k : stages_) {
      (stage(k).is_input() ? inputs_ : layers_).push_back(k);
    }
    for (const std::size_t k : layers_) model_.layers.push_back(stage(k).layer);
    name_inputs();
    name_layers();
    if (!is_chain()) wire();
    name_outputs();
    describe_ends();
    return std::move(model_);
  }

 private:
  [[nodiscard]] const Stage& stage(std::size_t k) const { return context_.stages[k]; }

  [[nodiscard]] ModelInput input_of(std::size_t k) const {
    ModelInput input{.name = stage(k).input_name};
    for (const std::size_t reader : layers_) {
      const LayerSpec& spec = stage(reader).layer.spec;
      const std::vector<std::size_t>& parents = stage(reader).parents;
      for (std::size_t i = 0; i < parents.size(); ++i) {
        if (parents[i] != k) continue;
        input.ids = takes_ids(spec);
        input.size = input_size(spec, i);
      }
    }
    return input;
  }

  void name_inputs() {
    if (!given_.inputs.empty()) {
      model_.inputs = given_.inputs;
    } else if (inputs_.size() > 1) {
      for (const std::size_t k : inputs_) model_.inputs.push_back(input_of(k));
    }
  }

  void name_layers() {
    if (given_.layers.size() != layers_.size()) return;
    for (std::size_t k = 0; k < layers_.size(); ++k) model_.layers[k].name = given_.layers[k];
  }

  /// Whether each layer reads the one before it, and the first one the only input.
  [[nodiscard]] bool is_chain() const {
    if (inputs_.size() > 1 || model_.inputs.size() > 1) return false;
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      const std::size_t before = k == 0 ? inputs_.front() : layers_[k - 1];
      if (stage(layers_[k]).parents != std::vector{before}) return false;
    }
    return true;
  }

  /// Tells each layer what it reads, by name.
  void wire() {
    const std::vector<std::string> names = layer_names(model_);
    std::map<std::size_t, std::string> sources;
    for (const std::size_t k : inputs_) {
      sources[k] = model_.inputs.empty() ? model_inputs(model_).front().name : stage(k).input_name;
    }
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      sources[layers_[k]] = names[k];
      model_.layers[k].name = names[k];
      for (const std::size_t parent : stage(layers_[k]).parents) {
        model_.layers[k].inputs.push_back(sources.at(parent));
      }
    }
    const std::vector<std::vector<std::string>> told = told_inputs(model_);
    for (std::size_t k = 0; k < told.size(); ++k) model_.layers[k].inputs = told[k];
  }

  void name_outputs() {
    if (!given_.outputs.empty()) {
      model_.outputs = given_.outputs;
      return;
    }
    const bool last = ends_.size() == 1 && ends_.front().stage == layers_.back();
    if (last) return;
    const std::vector<std::string> names = layer_names(model_);
    for (const End& end : ends_) {
      const auto at = std::ranges::find(layers_, end.stage) - layers_.begin();
      model_.outputs.push_back({end.output, names[static_cast<std::size_t>(at)]});
    }
  }

  /// What the file calls its inputs and outputs, and the order of their axes.
  void describe_ends() {
    const auto add = [&](std::string_view key, const std::string& text) {
      std::string& all = model_.metadata[std::string(key)];
      all += (all.empty() ? "" : "; ") + text;
    };
    for (const std::size_t k : inputs_) {
      add(kOnnxInputKey, stage(k).input_name + " " + describe(stage(k).axes, context_.atoms));
    }
    for (const End& end : ends_) {
      if (end.tensor == nullptr) continue;
      const bool last = std::get<Sequence>(end.tensor->source).last_step;
      add(kOnnxOutputKey, end.output + " " + describe(end.tensor->axes, context_.atoms) +
                              (last ? ", of the last step only" : ""));
    }
  }

  const Context& context_;
  const std::set<std::size_t>& stages_;
  const std::vector<End>& ends_;
  const ModelNames& given_;
  std::vector<std::size_t> inputs_;  ///< The stages that are inputs.
  std::vector<std::size_t> layers_;  ///< All others.
  Model model_;
};

}  // namespace

Model build_model(Context& context, const std::vector<NetworkOutput>& outputs,
                  const ModelNames& names) {
  const std::vector<End> ends = find_ends(context, outputs);
  const std::set<std::size_t> stages = stages_before(context, ends);
  check_states(outputs, stages);
  check_lengths(context, stages);
  check_axes(context, stages);
  return ModelBuilder(context, stages, ends, names).build();
}

}  // namespace carousel::loading::onnx
