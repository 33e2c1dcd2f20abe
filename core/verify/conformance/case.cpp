// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/cases.hpp"

#include <array>
#include <cstdio>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace carousel::conformance {
namespace {

void set_functions(RecurrentSpec& spec, const std::vector<Activation>& functions) {
  if (functions.empty()) return;
  const std::size_t each = traits(spec.cell).activation_count;
  for (std::size_t d = 0; d < 2; ++d) {
    for (std::size_t k = 0; k < each; ++k) {
      spec.activations.at(d).at(k) = functions.at((d * each + k) % functions.size());
    }
  }
}

/// "Relu" or "Affine:0.5:0.1", one after another.
std::string function_names(const std::vector<Activation>& functions) {
  std::string all;
  for (const Activation& f : functions) {
    all.append(all.empty() ? "" : "-").append(carousel::name(f.kind));
    if (f.alpha == 0.0F && f.beta == 0.0F) continue;
    std::array<char, 40> numbers{};
    (void)std::snprintf(numbers.data(), numbers.size(), ":%g:%g", static_cast<double>(f.alpha),
                        static_cast<double>(f.beta));
    all += numbers.data();
  }
  return all;
}

RecurrentSpec recurrent_spec(const Case& c, std::int64_t input) {
  RecurrentSpec spec = make_spec(c.cell, input, c.hidden, c.direction, c.proj, c.bias);
  spec.linear_before_reset = c.linear_before_reset;
  spec.peephole = c.peephole;
  spec.coupling = c.coupling;
  spec.clip = c.clip;
  spec.cell_clip = c.cell_clip;
  spec.layer_norm = c.layer_norm;
  spec.heads = c.heads;
  set_functions(spec, c.functions);
  return spec;
}

/// Adds layers to a model, each reading the one before unless it is told otherwise.
class Builder {
 public:
  explicit Builder(const Case& c) : c_(c), width_(c.input) {}

  /// `inputs`: see ModelLayer.
  void add(LayerSpec spec, std::string name = {}, std::vector<std::string> inputs = {}) {
    width_ = output_size(spec);
    model_.layers.push_back({std::move(spec), {}, std::move(name), std::move(inputs)});
  }
  void add_recurrent(std::string name = {}, std::vector<std::string> inputs = {}) {
    add(recurrent_spec(c_, width_), std::move(name), std::move(inputs));
  }
  void add_dense(std::int64_t outputs, std::string name = {}) {
    add(DenseSpec{width_, outputs, c_.bias}, std::move(name));
  }
  void add_activation(std::string name = {}) {
    if (c_.activation) add(ActivationSpec{*c_.activation, width_}, std::move(name));
  }
  void add_head() {
    if (c_.head > 0) add_dense(c_.head);
  }

  [[nodiscard]] std::int64_t width() const { return width_; }
  Model& model() { return model_; }

 private:
  const Case& c_;
  std::int64_t width_;
  Model model_;
};

void add_chain(Builder& builder, const Case& c) {
  if (c.vocabulary > 0) builder.add(EmbeddingSpec{c.vocabulary, c.input});
  for (std::int64_t k = 0; k < c.layers; ++k) builder.add_recurrent();
  builder.add_head();
  builder.add_activation();
}

constexpr std::int64_t kInner = 11;  ///< Width of what is between recurrent layers.

void add_between(Builder& builder) {
  builder.add_recurrent();
  builder.add_dense(kInner, "between");
  builder.add_activation("function");
  builder.add_recurrent();
  builder.add_head();
}

void add_two_inputs(Builder& builder, const Case& c) {
  builder.model().inputs = {{"x", c.input, false}, {"ids", 1, true}};
  builder.add_recurrent("features", {"x"});
  const std::int64_t features = builder.width();
  builder.add(EmbeddingSpec{c.vocabulary, kInner}, "table", {"ids"});
  builder.add(ConcatenateSpec{{features, kInner}}, "both", {"features", "table"});
  builder.add_recurrent();
  builder.add_head();
  builder.add_activation();
}

void add_skip(Builder& builder, const Case& c) {
  builder.model().inputs = {{"x", c.input, false}};
  builder.add_recurrent("first", {"x"});
  builder.add(ConcatenateSpec{{builder.width(), c.input}}, "both", {"first", "x"});
  builder.add_dense(kInner, "inner");
  builder.add_activation("inner.function");
  const std::string inner = builder.model().layers.back().name;
  builder.add_recurrent();
  builder.add_head();
  Model& model = builder.model();
  model.outputs = {{"y", layer_names(model).back()}, {"inner", inner}};
}

}  // namespace

Model network(const Case& c) {
  if (c.model) return *c.model;
  Builder builder(c);
  switch (c.topology) {
    case Topology::chain: add_chain(builder, c); break;
    case Topology::between: add_between(builder); break;
    case Topology::two_inputs: add_two_inputs(builder, c); break;
    case Topology::skip: add_skip(builder, c); break;
  }
  return std::move(builder.model());
}

std::vector<LayerSpec> layer_specs(const Case& c) {
  std::vector<LayerSpec> specs;
  for (ModelLayer& layer : network(c).layers) specs.push_back(std::move(layer.spec));
  return specs;
}

std::string Case::name() const {
  std::string text = group + "/" + label + (label.empty() ? "" : "_") + "I" +
                     std::to_string(input) + "_H" + std::to_string(hidden);
  const auto add = [&text](std::string_view key, auto value) {
    if (value != 0) text.append("_").append(key).append(std::to_string(value));
  };
  const auto pick = [&text](auto value, std::initializer_list<std::string_view> names) {
    const std::string_view word = names.begin()[static_cast<std::size_t>(value)];
    if (!word.empty()) text.append("_").append(word);
  };
  add("P", proj);
  add("L", layers);
  pick(direction, {"", "reverse", "bidirectional"});
  pick(bias, {"nobias", ""});
  add("head", head);
  add("vocabulary", vocabulary);
  pick(topology, {"", "between", "two-inputs", "skip"});
  if (activation) text.append("_then-").append(function_names({*activation}));
  text += "_B" + std::to_string(batch) + "_T" + std::to_string(steps);
  pick(lengths, {"", "lengths-random", "lengths-sorted", "lengths-equal", "lengths-some-zero",
                 "lengths-all-zero"});
  pick(x_layout, {"", "x-batch-first", "x-padded", "x-batch-first-padded"});
  pick(y_layout, {"", "y-batch-first", "y-padded", "y-batch-first-padded"});
  pick(initial_state, {"", "state"});
  add("chunk", chunk);
  add("max", max_steps);
  add("threads", threads == 1 ? 0 : threads);
  pick(weights, {"", "w-saturating", "w-tiny", "w-denormal", "w-positive"});
  pick(inputs, {"", "x-zero", "x-large", "x-huge", "x-denormal", "x-nan", "x-inf"});
  if (cell != Cell::lstm) text.append("_").append(carousel::name(cell));
  if (!linear_before_reset) text += "_reset-first";
  if (peephole) text += "_peephole";
  pick(coupling, {"", "f-from-i", "i-from-f"});
  if (clip > 0.0F) text += "_clip";
  if (cell_clip > 0.0F) text += "_cell-clip";
  if (layer_norm) text += "_layer-norm";
  add("heads", heads == 1 ? 0 : heads);
  if (!functions.empty()) text.append("_").append(function_names(functions));
  return text;
}

}  // namespace carousel::conformance
