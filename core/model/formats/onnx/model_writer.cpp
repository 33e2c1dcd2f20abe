// SPDX-License-Identifier: Apache-2.0
#include "model_writer.hpp"

#include "convolution_writer.hpp"
#include "frame_writer.hpp"
#include "graph_writer.hpp"
#include "model_sources.hpp"
#include "recurrent_writer.hpp"
#include "stored_array.hpp"

#include <algorithm>
#include <map>

#include "core/model/wiring.hpp"

namespace carousel::loading::onnx {
namespace {

std::string reason_against(const RecurrentSpec& spec) {
  if (traits(spec.cell).onnx_operator.empty()) return "ONNX has no operator for this cell";
  if (spec.proj_size > 0) return "ONNX's LSTM has no projection";
  if (spec.layer_norm) return "ONNX's LSTM has no layer normalization of its gates";
  if (spec.cell_clip > 0.0F) return "ONNX clips the gates only, not the cell state";
  if (spec.coupling == GateCoupling::input_from_forget) {
    return "ONNX couples the gates by f = 1 - i only";
  }
  return "";
}

template <class Spec>
std::string reason_against(const Spec&) {
  return "";
}

/// Writes the nodes of a model in the order of its layers.
class ModelWriter {
 public:
  ModelWriter(const Model& model, const SaveOnnxOptions& options, schema::GraphProto& graph)
      : model_(model),
        graph_(graph),
        recurrent_(graph_, options),
        names_(layer_names(model)),
        flows_(model),
        wiring_(flows_.wiring()) {}

  void write() {
    write_inputs();
    name_outputs();
    write_lengths();
    for (std::size_t k = 0; k < model_.layers.size(); ++k) {
      std::visit([&](const auto& spec) { write_layer(spec, k); }, model_.layers[k].spec);
      write_lengths_of(k);
    }
    write_outputs();
    recurrent_.write_outputs();
  }

 private:
  void write_inputs() {
    for (const ModelInput& input : model_inputs(model_)) {
      inputs_.push_back(graph_.reserve(input.name));
      NamedSize steps = "steps";
      if (input.one_step) steps = std::int64_t{1};
      if (input.ids) {
        graph_.input(inputs_.back(), schema::TensorProto::INT64, {steps, "batch"});
      } else {
        graph_.input(inputs_.back(), schema::TensorProto::FLOAT, {steps, "batch", input.size});
      }
    }
    recurrent_.write_inputs(inputs_.front());
  }

  /// What the output of each layer is called: as the model's where it is one.
  void name_outputs() {
    const std::vector<ModelOutput> outputs = model_outputs(model_);
    values_.resize(model_.layers.size());
    final_states_.resize(model_.layers.size());
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      outputs_.push_back(graph_.reserve(outputs[k].name));
      const Source& source = wiring_.outputs[k];
      const bool named = source.of == Source::Of::layer && values_[source.index].empty();
      if (named) values_[source.index] = outputs_.back();
    }
    for (std::size_t k = 0; k < values_.size(); ++k) {
      if (values_[k].empty()) values_[k] = graph_.reserve(names_[k] + ".y");
    }
  }

  void write_outputs() {
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      const Source& source = wiring_.outputs[k];
      const std::string value = value_of(source);
      if (value != outputs_[k]) graph_.node("Identity", {value}, {outputs_[k]});
      NamedSize steps = "steps";
      if (flows_.changes_steps(source)) steps = outputs_[k] + ".steps";
      if (flows_.is_single(source)) steps = std::int64_t{1};
      graph_.output(outputs_[k], {steps, "batch", source_size(model_, source)});
    }
  }

  // --- Lengths: what says how many steps are real is an input of every recurrent node ---

  void write_lengths() {
    if (!wiring_.lengths || wiring_.lengths->of != Source::Of::model_input) return;
    recurrent_.set_lengths(value_of(*wiring_.lengths));
  }

  void write_lengths_of(std::size_t k) {
    if (wiring_.lengths == Source{Source::Of::layer, k}) recurrent_.set_lengths(values_[k]);
  }

  // --- Sources ---

  [[nodiscard]] std::string value_of(const Source& source) const {
    switch (source.of) {
      case Source::Of::model_input: return inputs_[source.index];
      case Source::Of::layer: return values_[source.index];
      case Source::Of::final_state: break;
    }
    return final_states_[source.index].at(source.state);
  }

  [[nodiscard]] std::string source(std::size_t layer, std::size_t input = 0) const {
    return value_of(wiring_.sources[layer][input]);
  }

  // --- Layers ---

  void write_layer(const RecurrentSpec&, std::size_t k) {
    std::map<std::size_t, std::string> initial;
    for (const InitialState& state : wiring_.initial_states[k]) {
      initial[state.state] = value_of(state.source);
    }
    final_states_[k] = recurrent_.write({.layer = model_.layers[k],
                                         .name = names_[k],
                                         .input = source(k),
                                         .output = values_[k],
                                         .initial = initial,
                                         .final_states = flows_.reads_states_of(k)});
  }

  void write_layer(const EmbeddingSpec& spec, std::size_t k) {
    const std::string table =
        graph_.weight(names_[k] + ".weight", {spec.num_embeddings, spec.embedding_dim},
                      stored_array(weight(k, "weight")));
    graph_.node("Gather", {table, source(k)}, {values_[k]}).integer("axis", 0);
  }

  void write_layer(const DenseSpec& spec, std::size_t k) {
    const Array columns = transposed(stored_array(weight(k, "weight")));
    const std::string matrix = graph_.weight(names_[k] + ".weight", columns.shape, columns);
    const std::string product = spec.bias ? graph_.reserve(names_[k] + ".product") : values_[k];
    graph_.node("MatMul", {source(k), matrix}, {product});
    if (!spec.bias) return;
    const std::string bias =
        graph_.weight(names_[k] + ".bias", {spec.output_size}, stored_array(weight(k, "bias")));
    graph_.node("Add", {product, bias}, {values_[k]});
  }

  void write_layer(const ConcatenateSpec& spec, std::size_t k) {
    std::vector<std::string> sources;
    for (std::size_t i = 0; i < spec.sizes.size(); ++i) sources.push_back(source(k, i));
    graph_.node("Concat", sources, {values_[k]}).integer("axis", -1);
  }

  void write_layer(const ConvolutionSpec& spec, std::size_t k) {
    write_convolution(graph_, spec, model_.layers[k].weights, place(k));
  }

  void write_layer(const auto& spec, std::size_t k) {
    FrameWriter(graph_).write(spec, model_.layers[k].weights, place(k));
  }

  [[nodiscard]] FrameWriter::Place place(std::size_t k) const {
    FrameWriter::Place place{.name = names_[k], .inputs = {}, .output = values_[k]};
    for (const Source& from : wiring_.sources[k]) place.inputs.push_back(value_of(from));
    return place;
  }

  [[nodiscard]] const carousel::Tensor* weight(std::size_t k, std::string_view role) const {
    return find_weight(model_.layers[k].weights, role);
  }

  const Model& model_;
  GraphWriter graph_;
  RecurrentWriter recurrent_;
  std::vector<std::string> names_;  ///< Of the layers.
  ModelSources flows_;
  const Wiring& wiring_;
  std::vector<std::string> inputs_;  ///< What the model's inputs are called in the graph.
  std::vector<std::string> values_;  ///< What the output of each layer is called in the graph.
  std::vector<std::vector<std::string>> final_states_;  ///< Likewise, of layers that are asked.
  std::vector<std::string> outputs_;  ///< What the model's outputs are called in the graph.
};

}  // namespace

std::string inexpressible(const Model& model, const ModelSources& sources, std::size_t layer) {
  const LayerSpec& spec = model.layers[layer].spec;
  std::string reason = std::visit([](const auto& one) { return reason_against(one); }, spec);
  if (!reason.empty()) return reason;
  const bool uses_states =
      !model.layers[layer].initial_states.empty() || sources.reads_states_of(layer);
  if (uses_states && !std::holds_alternative<RecurrentSpec>(spec)) {
    return "ONNX has no operator that takes or gives its state";
  }
  if (!std::holds_alternative<ConcatenateSpec>(spec) || !sources.is_mixed(layer)) return "";
  return "ONNX joins no single step with sequences";
}

void write_model(const Model& model, const SaveOnnxOptions& options, schema::GraphProto& graph) {
  ModelWriter(model, options, graph).write();
}

}  // namespace carousel::loading::onnx
