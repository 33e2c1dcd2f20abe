// SPDX-License-Identifier: Apache-2.0
#include "build_model.hpp"

#include "load_onnx.hpp"

#include <algorithm>
#include <set>

#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

using Kind = Stage::Kind;

/// The stages from the input to this one.
std::vector<std::size_t> path_to(const Context& context, std::size_t stage) {
  std::vector<std::size_t> path{stage};
  while (context.stages[path.back()].kind != Kind::input) {
    path.push_back(context.stages[path.back()].parent);
  }
  std::ranges::reverse(path);
  return path;
}

/// The stage that the network ends with: that of its outputs, else that of the last final state.
struct End {
  std::size_t stage = 0;
  std::string output;  ///< empty when there are only final states
  const Tensor* tensor = nullptr;
};

const Sequence* as_output(const Value& value) {
  const auto* tensor = std::get_if<Tensor>(&value);
  return tensor == nullptr ? nullptr : std::get_if<Sequence>(&tensor->source);
}

const FinalState* as_state(const Value& value) {
  const auto* tensor = std::get_if<Tensor>(&value);
  return tensor == nullptr ? nullptr : std::get_if<FinalState>(&tensor->source);
}

void check_output(const Context& context, const NetworkOutput& output, const Sequence& sequence) {
  if (sequence.part) {
    throw Refusal("output " + quote(output.name) + " is only one direction of a layer");
  }
  const Kind kind = context.stages[sequence.stage].kind;
  if (kind == Kind::input || kind == Kind::embedding) {
    throw Refusal("output " + quote(output.name) + " comes before any recurrent layer");
  }
}

End find_end(const Context& context, const std::vector<NetworkOutput>& outputs) {
  std::optional<End> end;
  std::optional<std::size_t> last_state;
  for (const NetworkOutput& output : outputs) {
    if (const Sequence* sequence = as_output(output.value)) {
      check_output(context, output, *sequence);
      if (end && end->stage != sequence->stage) {
        throw Refusal("the graph has several outputs: " + quote(end->output) + " and " +
                      quote(output.name) + "; choose one with the option to (--to)");
      }
      end = End{sequence->stage, output.name, &std::get<Tensor>(output.value)};
    } else if (const FinalState* state = as_state(output.value)) {
      for (const StateSlot& slot : state->slots) {
        last_state = std::max(last_state.value_or(0), slot.stage);
      }
    }
  }
  if (end) return *end;
  if (!last_state) throw Refusal("no output comes from a recurrent layer (LSTM, GRU or RNN)");
  return {*last_state, "", nullptr};
}

/// Final states of layers that the outputs do not come from belong to another network.
void check_states(const std::vector<NetworkOutput>& outputs, const std::set<std::size_t>& path) {
  for (const NetworkOutput& output : outputs) {
    const FinalState* state = as_state(output.value);
    if (state == nullptr) continue;
    const bool all = std::ranges::all_of(
        state->slots, [&](const StateSlot& slot) { return path.contains(slot.stage); });
    if (!all) {
      throw Refusal("output " + quote(output.name) +
                    " is the state of a layer beside the others; layers must follow each other");
    }
  }
}

void check_lengths(const Context& context, const std::vector<std::size_t>& path) {
  std::size_t layers = 0;
  std::size_t with_lengths = 0;
  for (const std::size_t stage : path) {
    if (context.stages[stage].kind != Kind::recurrent) continue;
    ++layers;
    if (context.stages[stage].takes_lengths) ++with_lengths;
  }
  if (layers == 0) throw Refusal("no recurrent layer (LSTM, GRU or RNN) leads to the outputs");
  if (with_lengths != 0 && with_lengths != layers) {
    throw Refusal("some layers have sequence_lens and others have none");
  }
}

void add_stage(Model& model, const Stage& stage) {
  switch (stage.kind) {
    case Kind::input: break;
    case Kind::embedding: model.embedding = stage.embedding; break;
    case Kind::recurrent: model.layers.push_back(stage.layer); break;
    case Kind::linear: model.head = stage.layer; break;
    case Kind::tail: model.tail = stage.tail; break;
  }
}

void describe_ends(const Context& context, const std::vector<std::size_t>& path, const End& end,
                   Model& model) {
  const Stage& input = context.stages[path.front()];
  model.metadata[std::string(kOnnxInputKey)] =
      input.input_name + " " + describe(input.axes, context.atoms);
  if (end.tensor == nullptr) return;
  const bool last = std::get<Sequence>(end.tensor->source).last_step;
  model.metadata[std::string(kOnnxOutputKey)] = end.output + " " +
                                                describe(end.tensor->axes, context.atoms) +
                                                (last ? ", of the last step only" : "");
}

}  // namespace

Model build_model(const Context& context, const std::vector<NetworkOutput>& outputs) {
  const End end = find_end(context, outputs);
  const std::vector<std::size_t> path = path_to(context, end.stage);
  check_states(outputs, {path.begin(), path.end()});
  check_lengths(context, path);
  Model model;
  for (const std::size_t stage : path) add_stage(model, context.stages[stage]);
  describe_ends(context, path, end, model);
  return model;
}

}  // namespace carousel::loading::onnx
