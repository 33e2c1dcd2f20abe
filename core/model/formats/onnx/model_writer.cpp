// SPDX-License-Identifier: Apache-2.0
#include "model_writer.hpp"

#include "functions.hpp"
#include "graph_writer.hpp"
#include "recurrent_writer.hpp"

#include <algorithm>

#include "core/model/activation_parameters.hpp"
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

std::string reason_against(const ActivationSpec& spec) {
  const KnownFunction& known = known_function(spec.function.kind);
  return known.is_operator ? ""
                           : "ONNX has " + std::string(name(known.kind)) +
                                 " in recurrent layers only, as no operator of its own";
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
        wiring_(resolve_wiring(model)) {}

  void write() {
    write_inputs();
    name_outputs();
    for (std::size_t k = 0; k < model_.layers.size(); ++k) {
      std::visit([&](const auto& spec) { write_layer(spec, k); }, model_.layers[k].spec);
    }
    for (std::size_t k = 0; k < wiring_.outputs.size(); ++k) {
      const std::size_t layer = wiring_.outputs[k].index;
      graph_.output(values_[layer], {"steps", "batch", output_size(model_.layers[layer].spec)});
    }
    recurrent_.write_outputs();
  }

 private:
  void write_inputs() {
    for (const ModelInput& input : model_inputs(model_)) {
      inputs_.push_back(graph_.reserve(input.name));
      if (input.ids) {
        graph_.input(inputs_.back(), schema::TensorProto::INT64, {"steps", "batch"});
      } else {
        graph_.input(inputs_.back(), schema::TensorProto::FLOAT, {"steps", "batch", input.size});
      }
    }
    recurrent_.write_inputs(inputs_.front());
  }

  /// What the output of each layer is called: as the model's where it is one.
  void name_outputs() {
    const std::vector<ModelOutput> outputs = model_outputs(model_);
    values_.resize(model_.layers.size());
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      values_[wiring_.outputs[k].index] = graph_.reserve(outputs[k].name);
    }
    for (std::size_t k = 0; k < values_.size(); ++k) {
      if (values_[k].empty()) values_[k] = graph_.reserve(names_[k] + ".y");
    }
  }

  [[nodiscard]] const std::string& source(std::size_t layer, std::size_t input = 0) const {
    const Source& from = wiring_.sources[layer][input];
    return from.of == Source::Of::model_input ? inputs_[from.index] : values_[from.index];
  }

  void write_layer(const RecurrentSpec&, std::size_t k) {
    recurrent_.write(model_.layers[k], names_[k], source(k), values_[k]);
  }

  void write_layer(const EmbeddingSpec& spec, std::size_t k) {
    const std::string table =
        graph_.floats(names_[k] + ".weight", {spec.num_embeddings, spec.embedding_dim},
                      Float32View(weight(k, "weight")).values());
    graph_.node("Gather", {table, source(k)}, {values_[k]}).integer("axis", 0);
  }

  void write_layer(const DenseSpec& spec, std::size_t k) {
    const auto outputs = static_cast<std::size_t>(spec.output_size);
    const auto inputs = static_cast<std::size_t>(spec.input_size);
    const Float32View view(weight(k, "weight"));
    const std::span<const float> values = view.values();
    std::vector<float> transposed(values.size());
    for (std::size_t r = 0; r < outputs; ++r) {
      for (std::size_t c = 0; c < inputs; ++c) transposed[c * outputs + r] = values[r * inputs + c];
    }
    const std::string matrix =
        graph_.floats(names_[k] + ".weight", {spec.input_size, spec.output_size}, transposed);
    const std::string product = spec.bias ? graph_.reserve(names_[k] + ".product") : values_[k];
    graph_.node("MatMul", {source(k), matrix}, {product});
    if (!spec.bias) return;
    const std::string bias = graph_.floats(names_[k] + ".bias", {spec.output_size},
                                           Float32View(weight(k, "bias")).values());
    graph_.node("Add", {product, bias}, {values_[k]});
  }

  void write_layer(const ActivationSpec& spec, std::size_t k) {
    const Activation& function = spec.function;
    const std::string op(name(function.kind));
    AttributeWriter node = graph_.node(op.c_str(), {source(k)}, {values_[k]});
    const ActivationParameters has = parameters(function.kind);
    if (has.alpha) node.real("alpha", function.alpha);
    if (has.beta) node.real("beta", function.beta);
    if (!is_elementwise(function.kind)) node.integer("axis", -1);
  }

  void write_layer(const ConcatenateSpec& spec, std::size_t k) {
    std::vector<std::string> sources;
    for (std::size_t i = 0; i < spec.sizes.size(); ++i) sources.push_back(source(k, i));
    graph_.node("Concat", sources, {values_[k]}).integer("axis", -1);
  }

  void write_layer(const auto&, std::size_t) {}

  [[nodiscard]] const Tensor* weight(std::size_t k, std::string_view role) const {
    return find_weight(model_.layers[k].weights, role);
  }

  const Model& model_;
  GraphWriter graph_;
  RecurrentWriter recurrent_;
  std::vector<std::string> names_;  ///< Of the layers.
  Wiring wiring_;
  std::vector<std::string> inputs_;  ///< What the model's inputs are called in the graph.
  std::vector<std::string> values_;  ///< What the output of each layer is called in the graph.
};

}  // namespace

std::string inexpressible(const LayerSpec& spec) {
  return std::visit([](const auto& one) { return reason_against(one); }, spec);
}

void write_model(const Model& model, const SaveOnnxOptions& options, schema::GraphProto& graph) {
  ModelWriter(model, options, graph).write();
}

}  // namespace carousel::loading::onnx
