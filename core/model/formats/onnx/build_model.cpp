// SPDX-License-Identifier: Apache-2.0
#include "build_model.hpp"

#include "file_axes.hpp"
#include "frames.hpp"
#include "load_onnx.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/model/formats/model_text.hpp"
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// An output of the network: a flow, and the axes that the file has for it.
struct End {
  std::string name;
  Tensor tensor;
};

End find_end(Context& context, const Graph& graph, const NetworkOutput& output) {
  const std::string what = "output " + quote(output.name);
  if (!std::holds_alternative<Tensor>(output.value)) {
    throw Refusal(what + " does not depend on what the network is given");
  }
  const schema::NodeProto none;
  const Call call{context, graph, none, what, {&output.value}};
  try {
    const Tensor tensor = call.raw_tensor(0);
    if (tensor.padding != StepPadding{}) throw Refusal("has padded steps");
    if (tensor.truncated) throw Refusal("is a Cast of values of the network to integers");
    return {output.name, in_order(call, with_steps(call, tensor))};
  } catch (const Refusal& refusal) {
    throw Refusal(formatted("{}: {}", what, refusal.what()), refusal.code());
  }
}

/// The flows that lead to the ends.
std::set<std::size_t> flows_before(const Network& network, const std::vector<End>& ends) {
  std::set<std::size_t> found;
  std::vector<std::size_t> open;
  open.reserve(ends.size());
  for (const End& end : ends) open.push_back(end.tensor.flow);
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    if (!found.insert(at).second) continue;
    const Flow& flow = network[at];
    if (flow.kind == Flow::Kind::state) open.push_back(flow.of);
    if (flow.kind != Flow::Kind::layer) continue;
    open.insert(open.end(), flow.parents.begin(), flow.parents.end());
    for (const auto& [state, from] : flow.initial) open.push_back(from);
    if (flow.lengths) open.push_back(*flow.lengths);
  }
  return found;
}

bool is_layer(const Flow& flow) { return flow.kind == Flow::Kind::layer; }

bool is_recurrent_layer(const Flow& flow) {
  return is_layer(flow) && std::holds_alternative<RecurrentSpec>(flow.layer.spec);
}

/// The lengths that all recurrent layers have, if any has.
std::optional<std::size_t> find_lengths(const Network& network, const std::set<std::size_t>& used) {
  std::optional<std::size_t> lengths;
  for (const std::size_t k : used) {
    const Flow& flow = network[k];
    if (!is_layer(flow) || !flow.lengths) continue;
    if (lengths && lengths != flow.lengths) {
      throw Refusal(
          formatted("the sequence_lens of {} are not those of another layer", flow.where));
    }
    lengths = flow.lengths;
  }
  for (const std::size_t k : used) {
    if (lengths && is_recurrent_layer(network[k]) && !network[k].lengths) {
      throw Refusal(network[k].where + " has no sequence_lens, but other layers have");
    }
  }
  return lengths;
}

/// Puts the flows together as a model.
class ModelBuilder {
 public:
  ModelBuilder(Context& context, const Graph& graph, const std::vector<End>& ends,
               const std::vector<std::string>& given_names)
      : context_(context),
        network_(context.network),
        graph_(graph),
        ends_(ends),
        given_names_(given_names) {
    used_ = flows_before(network_, ends);
    lengths_ = find_lengths(network_, used_);
  }

  Model build() {
    find_ids();
    for (const std::size_t k : used_) {
      const Flow& flow = network_[k];
      if (flow.kind == Flow::Kind::input) inputs_.push_back(k);
      if (is_layer(flow) && !alias_.contains(k)) layers_.push_back(k);
    }
    if (layers_.empty()) throw Refusal("no layer leads to the outputs");
    order_inputs();
    for (const std::size_t k : inputs_) {
      settle_axes(context_.atoms, network_[k].where, network_[k].axes);
    }
    for (const std::size_t k : layers_) model_.layers.push_back(network_[k].layer);
    add_inputs();
    name_layers();
    settle_names();
    if (!is_chain()) wire();
    add_outputs();
    return std::move(model_);
  }

 private:
  /// Inputs that an embedding reads are ids; all others are features, whatever their type.
  void find_ids() {
    for (const std::size_t k : used_) {
      const Flow& flow = network_[k];
      if (is_layer(flow) && std::holds_alternative<EmbeddingSpec>(flow.layer.spec)) {
        ids_.insert(flow.parents.front());
      }
    }
    for (const std::size_t k : used_) {
      const Flow& flow = network_[k];
      const bool casts = is_layer(flow) && std::holds_alternative<CastIdsSpec>(flow.layer.spec);
      if (casts && !ids_.contains(flow.parents.front())) alias_[k] = flow.parents.front();
    }
    if (lengths_ && ids_.contains(*lengths_)) throw Refusal("an input is both ids and lengths");
  }

  /// As the file declares them; what enters a part of the graph comes after these.
  void order_inputs() {
    std::map<std::string_view, std::size_t> places;
    for (const schema::ValueInfoProto& declared : graph_.proto().input()) {
      places.emplace(declared.name(), places.size());
    }
    std::ranges::stable_sort(inputs_, {}, [&](std::size_t k) {
      const auto found = places.find(network_[k].where);
      return found == places.end() ? places.size() : found->second;
    });
  }

  [[nodiscard]] std::size_t source(std::size_t flow) const {
    const auto found = alias_.find(flow);
    return found == alias_.end() ? flow : found->second;
  }

  [[nodiscard]] ModelInput input_of(std::size_t k) const {
    const Flow& flow = network_[k];
    const bool has_steps = std::ranges::any_of(
        flow.axes, [&](const Axis& axis) { return context_.atoms.any(axis, Role::steps); });
    return {.name = flow.where,
            .size = flow.size,
            .ids = ids_.contains(k),
            .one_step = !has_steps && !flow.streams,
            .axes = file_axes(context_.atoms, flow.axes, "input " + quote(flow.where))};
  }

  /// One input that is called and ordered as every model has it needs no mention.
  void add_inputs() {
    for (const std::size_t k : inputs_) {
      ModelInput input = input_of(k);
      if (are_usual(input.axes, input.size)) input.axes.clear();
      model_.inputs.push_back(std::move(input));
    }
    if (model_.inputs.size() != 1) return;
    const ModelInput& only = model_.inputs.front();
    const std::vector<FileAxis> of_ids{{FileAxis::Of::steps}, {FileAxis::Of::batch}};
    const bool ids = only.ids && only.name == "ids" && only.axes == of_ids;
    const bool usual = !only.ids && only.name == "x" && only.axes.empty();
    if ((ids || usual) && !only.one_step && reads_input(layers_.front())) model_.inputs.clear();
  }

  [[nodiscard]] bool reads_input(std::size_t layer) const {
    const std::vector<std::size_t>& parents = network_[layer].parents;
    return parents.size() == 1 && source(parents.front()) == inputs_.front();
  }

  void name_layers() {
    if (given_names_.size() != layers_.size()) return;
    for (std::size_t k = 0; k < layers_.size(); ++k) model_.layers[k].name = given_names_[k];
  }

  /// What the layers are called in the end.
  void settle_names() {
    names_ = layer_names(model_);
    for (std::size_t k = 0; k < layers_.size(); ++k) places_[layers_[k]] = k;
  }

  /// Whether each layer reads the one before it, and the first one the only input.
  [[nodiscard]] bool is_chain() const {
    if (inputs_.size() != 1 || model_.inputs.size() > 1 || lengths_) return false;
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      const std::size_t before = k == 0 ? inputs_.front() : layers_[k - 1];
      const Flow& flow = network_[layers_[k]];
      if (flow.parents.size() != 1 || source(flow.parents.front()) != before) return false;
      if (!flow.initial.empty()) return false;
    }
    return true;
  }

  /// What names a flow: an input, a layer, or a final state of a layer.
  [[nodiscard]] std::string name_of(std::size_t flow_id) const {
    const Flow& flow = network_[source(flow_id)];
    if (flow.kind == Flow::Kind::input) {
      return model_.inputs.empty() ? model_inputs(model_).front().name : flow.where;
    }
    const std::size_t layer = flow.kind == Flow::Kind::state ? flow.of : source(flow_id);
    const std::string& name = names_[places_.at(layer)];
    return flow.kind == Flow::Kind::state ? formatted("{}:{}", name, flow.state) : name;
  }

  /// Tells each layer what it reads, by name.
  void wire() {
    for (std::size_t k = 0; k < layers_.size(); ++k) model_.layers[k].name = names_[k];
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      const Flow& flow = network_[layers_[k]];
      for (const std::size_t parent : flow.parents) {
        model_.layers[k].inputs.push_back(name_of(parent));
      }
      for (const auto& [state, from] : flow.initial) {
        model_.layers[k].initial_states[state] = name_of(from);
      }
    }
    if (lengths_) model_.lengths = name_of(*lengths_);
    const std::vector<std::vector<std::string>> told = told_inputs(model_);
    for (std::size_t k = 0; k < told.size(); ++k) model_.layers[k].inputs = told[k];
  }

  void add_outputs() {
    for (const End& end : ends_) {
      std::vector<FileAxis> axes =
          file_axes(context_.atoms, end.tensor.axes, "output " + quote(end.name));
      if (are_usual(axes, network_[end.tensor.flow].size)) axes.clear();
      model_.outputs.push_back({end.name, name_of(end.tensor.flow), std::move(axes)});
    }
    if (model_.outputs.size() != 1) return;
    const ModelOutput& only = model_.outputs.front();
    const bool last = source(ends_.front().tensor.flow) == layers_.back();
    if (only.name == "y" && only.axes.empty() && last) model_.outputs.clear();
  }

  Context& context_;
  const Network& network_;
  const Graph& graph_;
  const std::vector<End>& ends_;
  const std::vector<std::string>& given_names_;
  std::set<std::size_t> used_;
  std::optional<std::size_t> lengths_;
  std::set<std::size_t> ids_;                 ///< Inputs that are ids.
  std::map<std::size_t, std::size_t> alias_;  ///< Casts of inputs that are no ids: those inputs.
  std::vector<std::size_t> inputs_;
  std::vector<std::size_t> layers_;
  std::vector<std::string> names_;             ///< Of the layers.
  std::map<std::size_t, std::size_t> places_;  ///< Of each layer's flow among the layers.
  Model model_;
};

}  // namespace

Model build_model(Context& context, const Graph& graph, const std::vector<NetworkOutput>& outputs,
                  const std::vector<std::string>& given_names) {
  std::vector<End> ends;
  ends.reserve(outputs.size());
  for (const NetworkOutput& output : outputs) {
    if (std::ranges::find(ends, output.name, &End::name) != ends.end()) continue;
    ends.push_back(find_end(context, graph, output));
  }
  return ModelBuilder(context, graph, ends, given_names).build();
}

}  // namespace carousel::loading::onnx
