// SPDX-License-Identifier: Apache-2.0
// A model as an ONNX file: the other way of load_onnx.cpp.
#include "attributes.hpp"
#include "gates.hpp"
#include "graph_writer.hpp"
#include "load_onnx.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "core/model/activation_parameters.hpp"
#include "core/model/formats/state_dict.hpp"
#include "core/model/formats/text.hpp"

namespace carousel::loading {
namespace onnx {
namespace {

constexpr std::int64_t kOperatorSet = 13;  // Squeeze takes its axes as an input since then
constexpr std::int64_t kFileVersion = 7;   // of ONNX 1.8, which brought that operator set

using Floats = std::vector<float>;

const char* operator_of(Cell cell) {
  return cell == Cell::lstm ? "LSTM" : cell == Cell::gru ? "GRU" : "RNN";
}

const char* operator_of(Tail tail) {
  switch (tail) {
    case Tail::none: break;
    case Tail::sigmoid: return "Sigmoid";
    case Tail::tanh: return "Tanh";
    case Tail::relu: return "Relu";
    case Tail::softmax: return "Softmax";
    case Tail::log_softmax: return "LogSoftmax";
  }
  return "";
}

/// Why ONNX has no operator for such a layer; empty: it has.
std::string inexpressible(const LayerSpec& spec) {
  if (spec.proj_size > 0) return "ONNX's LSTM has no projection";
  if (spec.cell_clip > 0.0F) return "ONNX clips the gates only, not the cell state";
  if (spec.coupling == GateCoupling::input_from_forget) {
    return "ONNX couples the gates by f = 1 - i only";
  }
  if (spec.precision != Precision::float32) return "ONNX files are written in float32 only";
  return "";
}

bool has_initial_state(const ModelLayer& layer) {
  return std::ranges::any_of(layer.directions, [](const DirectionWeights& weights) {
    return !weights.initial_h.empty() || !weights.initial_c.empty();
  });
}

void require_expressible(const Model& model, const SaveOnnxOptions& options) {
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    const ModelLayer& layer = model.layers[k];
    std::string reason = inexpressible(layer.spec);
    if (reason.empty() && options.states && has_initial_state(layer)) {
      reason = "its initial state was learned, so it cannot be an input of the graph too";
    }
    if (!reason.empty()) {
      throw Error("layer " + std::to_string(k) + " (" + describe(layer.spec) +
                  ") cannot be saved as ONNX: " + reason);
    }
  }
}

/// Writes the nodes of a model bottom up; `value_` is the output of the last one.
class ModelWriter {
 public:
  ModelWriter(const Model& model, const SaveOnnxOptions& options, schema::GraphProto& graph)
      : model_(model), options_(options), graph_(graph) {}

  void write() {
    write_input();
    for (std::size_t k = 0; k < model_.layers.size(); ++k) write_layer(k);
    if (model_.head) write_head(*model_.head);
    if (model_.tail != Tail::none) {
      AttributeWriter node = graph_.node(operator_of(model_.tail), {value_}, {"y"});
      if (model_.tail == Tail::softmax || model_.tail == Tail::log_softmax)
        node.integer("axis", -1);
    }
    graph_.output("y", {"steps", "batch", model_.output_size()});
    for (const auto& [name, sizes] : states_) graph_.output(name, sizes);
  }

 private:
  void write_input() {
    input_ = model_.embedding ? "ids" : "x";
    if (model_.embedding) {
      const Embedding& table = *model_.embedding;
      graph_.input(input_, schema::TensorProto::INT64, {"steps", "batch"});
      graph_.floats("embedding.weight", {table.num_embeddings, table.embedding_dim}, table.weight);
      graph_.node("Gather", {"embedding.weight", input_}, {"embedding.y"}).integer("axis", 0);
      value_ = "embedding.y";
    } else {
      graph_.input(input_, schema::TensorProto::FLOAT, {"steps", "batch", model_.input_size()});
      value_ = input_;
    }
    if (options_.lengths) graph_.input("lengths", schema::TensorProto::INT32, {"batch"});
  }

  void write_layer(std::size_t k) {
    const ModelLayer& layer = model_.layers[k];
    const LayerSpec& spec = layer.spec;
    const std::string name = "layer" + std::to_string(k);
    std::vector<std::string> inputs{value_};
    append_weights(inputs, layer, name);
    inputs.emplace_back(options_.lengths ? "lengths" : "");
    inputs.push_back(initial_state(layer, k, "h", spec.state_size(), &DirectionWeights::initial_h));
    if (spec.has_cell_state()) {
      inputs.push_back(
          initial_state(layer, k, "c", spec.hidden_size, &DirectionWeights::initial_c));
      inputs.push_back(peepholes(layer, name));
    }
    while (inputs.back().empty()) inputs.pop_back();
    std::vector<std::string> outputs{name + ".Y"};
    if (options_.states) append_final_states(outputs, spec, k);
    AttributeWriter node = graph_.node(operator_of(spec.cell), inputs, outputs);
    write_attributes(node, spec);
    const bool last = k + 1 == model_.layers.size() && !model_.head && model_.tail == Tail::none;
    join_directions(spec, name, last ? "y" : name + ".y");
  }

  /// One array of all directions, each with its gates in ONNX's order.
  Floats all_directions(const ModelLayer& layer, Floats DirectionWeights::*values,
                        std::int64_t width) const {
    Floats all;
    for (std::size_t d = 0; d < static_cast<std::size_t>(layer.spec.directions()); ++d) {
      const Floats part = to_onnx_gates(layer.spec.cell, layer.directions.at(d).*values,
                                        layer.spec.hidden_size * width);
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }

  void append_weights(std::vector<std::string>& inputs, const ModelLayer& layer,
                      const std::string& name) {
    const LayerSpec& spec = layer.spec;
    const std::int64_t rows = spec.gates() * spec.hidden_size;
    inputs.push_back(
        graph_.floats(name + ".W", {spec.directions(), rows, spec.input_size},
                      all_directions(layer, &DirectionWeights::weight_ih, spec.input_size)));
    inputs.push_back(
        graph_.floats(name + ".R", {spec.directions(), rows, spec.hidden_size},
                      all_directions(layer, &DirectionWeights::weight_hh, spec.hidden_size)));
    inputs.push_back(spec.bias ? biases(layer, name) : "");
  }

  /// Both biases of a direction stand side by side.
  std::string biases(const ModelLayer& layer, const std::string& name) {
    const LayerSpec& spec = layer.spec;
    Floats all;
    for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
      for (const auto values : {&DirectionWeights::bias_ih, &DirectionWeights::bias_hh}) {
        const Floats part =
            to_onnx_gates(spec.cell, layer.directions.at(d).*values, spec.hidden_size);
        all.insert(all.end(), part.begin(), part.end());
      }
    }
    return graph_.floats(name + ".B", {spec.directions(), 2 * spec.gates() * spec.hidden_size},
                         all);
  }

  std::string peepholes(const ModelLayer& layer, const std::string& name) {
    const LayerSpec& spec = layer.spec;
    if (!spec.peephole) return "";
    Floats all;
    for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
      const Floats part = to_onnx_peepholes(layer.directions.at(d).peephole, spec.hidden_size);
      all.insert(all.end(), part.begin(), part.end());
    }
    return graph_.floats(name + ".P", {spec.directions(), 3 * spec.hidden_size}, all);
  }

  /// The input of a node that is its initial h or c: of the graph, learned, or none.
  std::string initial_state(const ModelLayer& layer, std::size_t k, const std::string& which,
                            std::int64_t width, Floats DirectionWeights::*values) {
    const std::int64_t directions = layer.spec.directions();
    if (options_.states) {
      std::string name = which + "0_l" + std::to_string(k);
      graph_.input(name, schema::TensorProto::FLOAT, {directions, "batch", width});
      return name;
    }
    Floats all;
    bool learned = false;
    for (std::size_t d = 0; d < static_cast<std::size_t>(directions); ++d) {
      Floats part = layer.directions.at(d).*values;
      learned = learned || !part.empty();
      part.resize(static_cast<std::size_t>(width));
      all.insert(all.end(), part.begin(), part.end());
    }
    if (!learned) return "";
    const std::string name = "layer" + std::to_string(k) + ".initial_" + which;
    graph_.floats(name, {directions, 1, width}, all);
    graph_.node("Expand", {name, row_shape()}, {name + ".rows"});
    return name + ".rows";
  }

  /// [1, batch, 1], computed from the shape of the graph's input.
  std::string row_shape() {
    if (!has_row_shape_) {
      has_row_shape_ = true;
      constexpr std::array<std::int64_t, 1> one{1};
      graph_.integers("one", one);
      graph_.node("Shape", {input_}, {"sizes"});
      graph_.node("Gather", {"sizes", "one"}, {"rows"}).integer("axis", 0);
      graph_.node("Concat", {"one", "rows", "one"}, {"row_shape"}).integer("axis", 0);
    }
    return "row_shape";
  }

  void append_final_states(std::vector<std::string>& outputs, const LayerSpec& spec,
                           std::size_t k) {
    const auto append = [&](const char* which, std::int64_t width) {
      outputs.push_back(which + std::string("_l") + std::to_string(k));
      states_.emplace_back(outputs.back(),
                           std::vector<NamedSize>{spec.directions(), "batch", width});
    };
    append("hn", spec.state_size());
    if (spec.has_cell_state()) append("cn", spec.hidden_size);
  }

  static void write_attributes(AttributeWriter& node, const LayerSpec& spec) {
    node.integer("hidden_size", spec.hidden_size).text("direction", name(spec.direction));
    if (spec.clip > 0.0F) node.real("clip", spec.clip);
    if (spec.coupling == GateCoupling::forget_from_input) node.integer("input_forget", 1);
    if (spec.cell == Cell::gru) node.integer("linear_before_reset", spec.linear_before_reset);
    if (!has_default_activations(spec)) write_activations(node, spec);
  }

  /// Alphas and betas are taken in turn by the functions that have them; see recurrent_node.cpp.
  static void write_activations(AttributeWriter& node, const LayerSpec& spec) {
    std::vector<std::string> names;
    Floats alphas;
    Floats betas;
    for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
      for (std::size_t k = 0; k < activation_count(spec.cell); ++k) {
        const Activation& activation = spec.activations.at(d).at(k);
        const ActivationParameters has = parameters(activation.kind);
        names.emplace_back(name(activation.kind));
        if (has.alpha) alphas.push_back(activation.alpha);
        if (has.beta) betas.push_back(activation.beta);
      }
    }
    node.texts("activations", names);
    if (!alphas.empty()) node.reals("activation_alpha", alphas);
    if (!betas.empty()) node.reals("activation_beta", betas);
  }

  /// Y [steps, directions, batch, hidden] to [steps, batch, directions * hidden].
  void join_directions(const LayerSpec& spec, const std::string& name, const std::string& output) {
    const std::string y = name + ".Y";
    if (spec.directions() == 1) {
      constexpr std::array<std::int64_t, 1> axis{1};
      graph_.node("Squeeze", {y, graph_.integers(name + ".axes", axis)}, {output});
    } else {
      constexpr std::array<std::int64_t, 3> shape{0, 0, -1};
      graph_.node("Transpose", {y}, {name + ".rows"}).integers("perm", {0, 2, 1, 3});
      graph_.node("Reshape", {name + ".rows", graph_.integers(name + ".shape", shape)}, {output});
    }
    value_ = output;
  }

  void write_head(const ModelLayer& head) {
    const auto outputs = static_cast<std::size_t>(head.spec.hidden_size);
    const auto inputs = static_cast<std::size_t>(head.spec.input_size);
    const Floats& weight = head.directions[0].weight_ih;
    Floats transposed(weight.size());
    for (std::size_t r = 0; r < outputs; ++r) {
      for (std::size_t c = 0; c < inputs; ++c) transposed[c * outputs + r] = weight[r * inputs + c];
    }
    graph_.floats("head.weight", {head.spec.input_size, head.spec.hidden_size}, transposed);
    const std::string last = model_.tail == Tail::none ? "y" : "head.y";
    const std::string product = head.spec.bias ? "head.product" : last;
    graph_.node("MatMul", {value_, "head.weight"}, {product});
    if (head.spec.bias) {
      graph_.floats("head.bias", {head.spec.hidden_size}, head.directions[0].bias_ih);
      graph_.node("Add", {product, "head.bias"}, {last});
    }
    value_ = last;
  }

  const Model& model_;
  const SaveOnnxOptions& options_;
  GraphWriter graph_;
  std::string input_;
  std::string value_;
  bool has_row_shape_ = false;
  std::vector<std::pair<std::string, std::vector<NamedSize>>> states_;  ///< outputs after y
};

void write_metadata(const Model& model, schema::ModelProto& proto) {
  std::map<std::string, std::string> metadata = model.metadata;
  for (const std::string_view key : {kOnnxInputKey, kOnnxOutputKey, kLayersKey, kTailKey}) {
    metadata.erase(std::string(key));
  }
  const auto put_away = [&](std::string_view key, const std::string& name) {
    if (!name.empty()) metadata.insert_or_assign(std::string(key), name);
  };
  put_away(kPrefixKey, model.names.prefix);
  put_away(kEmbeddingKey, model.names.embedding);
  put_away(kHeadKey, model.names.head);
  for (const auto& [key, value] : metadata) {
    schema::StringStringEntryProto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
}

}  // namespace
}  // namespace onnx

std::vector<std::byte> to_onnx(const Model& model, const SaveOnnxOptions& options) {
  validate(model);
  onnx::require_expressible(model, options);
  onnx::schema::ModelProto proto;
  proto.set_ir_version(onnx::kFileVersion);
  proto.set_producer_name("carousel");
  proto.add_opset_import()->set_version(onnx::kOperatorSet);
  proto.mutable_graph()->set_name("carousel");
  onnx::write_metadata(model, proto);
  onnx::ModelWriter(model, options, *proto.mutable_graph()).write();
  const std::size_t size = proto.ByteSizeLong();
  if (size > std::numeric_limits<std::int32_t>::max()) {
    throw Error("a model of " + std::to_string(size) +
                " bytes cannot be saved as ONNX: one file holds 2 GiB at most");
  }
  std::vector<std::byte> bytes(size);
  if (!proto.SerializeToArray(bytes.data(), static_cast<int>(size))) {
    throw Error("the ONNX message cannot be written");
  }
  return bytes;
}

}  // namespace carousel::loading
