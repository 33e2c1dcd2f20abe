// SPDX-License-Identifier: Apache-2.0
#include "recurrent_node.hpp"

#include "attributes.hpp"
#include "gates.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <span>

#include "core/model/activation_parameters.hpp"
#include "core/model/formats/text.hpp"

namespace carousel::loading::onnx {
namespace {

using schema::NodeProto;

/// An activation function, and the defaults of its parameters: those of the operators of the same
/// names. Affine and ScaledTanh are operators no more, so they have none.
struct KnownActivation {
  ActivationKind kind;
  std::optional<float> alpha = std::nullopt;
  std::optional<float> beta = std::nullopt;
};

using Function = ActivationKind;
constexpr std::array<KnownActivation, 11> kActivations{{
    {Function::relu},
    {Function::tanh},
    {Function::sigmoid},
    {Function::affine},
    {Function::leaky_relu, 0.01F},
    {Function::thresholded_relu, 1.0F},
    {Function::scaled_tanh},
    {Function::hard_sigmoid, 0.2F, 0.5F},
    {Function::elu, 1.0F},
    {Function::softsign},
    {Function::softplus},
}};

Cell cell_of(const NodeProto& node) {
  return node.op_type() == "LSTM" ? Cell::lstm : node.op_type() == "GRU" ? Cell::gru : Cell::rnn;
}

/// Names are compared without regard to case, as ONNX Runtime does: exporters disagree.
bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

const KnownActivation& find_activation(const std::string& function) {
  for (const KnownActivation& known : kActivations) {
    if (same_name(name(known.kind), function)) return known;
  }
  std::string names;
  for (const KnownActivation& known : kActivations) {
    names += (names.empty() ? "" : ", ") + std::string(name(known.kind));
  }
  throw Refusal("activation " + quote(function) + " is unknown; there are " + names);
}

/// The next of the values that a node gives for its activations. They are consumed in the order of
/// the functions, by those that have such a parameter.
float next_parameter(std::span<const float>& values, const std::optional<float>& otherwise,
                     const KnownActivation& known, const char* attribute) {
  if (!values.empty()) {
    const float value = values.front();
    values = values.subspan(1);
    return value;
  }
  if (!otherwise) {
    throw Refusal("activation " + std::string(name(known.kind)) + " needs a value in " + attribute);
  }
  return *otherwise;
}

std::array<ActivationSet, 2> read_activations(const NodeProto& node, Cell cell,
                                              std::size_t directions) {
  const std::vector<std::string> names = texts(node, "activations");
  std::array<ActivationSet, 2> sets{default_activations(cell), default_activations(cell)};
  if (names.empty()) return sets;
  const std::size_t count = activation_count(cell);
  if (names.size() != count * directions) {
    throw Refusal("attribute 'activations' has " + std::to_string(names.size()) +
                  " functions, but must have " + std::to_string(count * directions));
  }
  const std::vector<float> alphas = reals(node, "activation_alpha");
  const std::vector<float> betas = reals(node, "activation_beta");
  std::span<const float> alpha = alphas;
  std::span<const float> beta = betas;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const KnownActivation& known = find_activation(names[k]);
    Activation& activation = sets.at(k / count).at(k % count);
    activation = {known.kind};
    const ActivationParameters has = parameters(known.kind);
    if (has.alpha) {
      activation.alpha = next_parameter(alpha, known.alpha, known, "'activation_alpha'");
    }
    if (has.beta) {
      activation.beta = next_parameter(beta, known.beta, known, "'activation_beta'");
    }
  }
  // Those of a direction that the layer does not have are those of the first, as in make_spec.
  if (directions == 1) sets[1] = sets[0];
  return sets;
}

Direction read_direction(const NodeProto& node) {
  const std::string direction = text(node, "direction", "forward");
  if (direction == "forward") return Direction::forward;
  if (direction == "reverse") return Direction::reverse;
  if (direction == "bidirectional") return Direction::bidirectional;
  throw Refusal("attribute 'direction' is " + quote(direction) +
                "; it must be 'forward', 'reverse' or 'bidirectional'");
}

float read_clip(const NodeProto& node) {
  if (find_attribute(node, "clip") == nullptr) return 0.0F;
  const float clip = real(node, "clip", 0.0F);
  if (!(clip > 0.0F)) {
    throw Refusal("attribute 'clip' is " + std::to_string(clip) + ", but must be positive");
  }
  return std::isinf(clip) ? 0.0F : clip;
}

void require_shape(const char* input, const Array& array, const std::vector<std::int64_t>& shape,
                   const char* rule) {
  if (array.shape == shape) return;
  throw Refusal("input " + std::string(input) + " has the shape " + shape_text(array.shape) +
                "; expected " + rule + " = " + shape_text(shape));
}

std::int64_t read_hidden_size(const NodeProto& node, const RecurrentInputs& inputs) {
  if (inputs.w == nullptr || inputs.r == nullptr) {
    throw Refusal(std::string("input ") + (inputs.w == nullptr ? "W" : "R") + " is missing");
  }
  if (inputs.w->rank() != 3 || inputs.r->rank() != 3) {
    throw Refusal("inputs W " + shape_text(inputs.w->shape) + " and R " +
                  shape_text(inputs.r->shape) + " must have 3 axes each");
  }
  const std::int64_t hidden = integer(node, "hidden_size", inputs.r->shape[2]);
  if (hidden != inputs.r->shape[2]) {
    throw Refusal("attribute 'hidden_size' is " + std::to_string(hidden) +
                  ", but R has the shape " + shape_text(inputs.r->shape));
  }
  return hidden;
}

LayerSpec read_spec(const NodeProto& node, const RecurrentInputs& inputs) {
  LayerSpec spec;
  spec.cell = cell_of(node);
  spec.direction = read_direction(node);
  spec.hidden_size = read_hidden_size(node, inputs);
  spec.input_size = inputs.w->shape[2];
  spec.bias = inputs.b != nullptr;
  spec.clip = read_clip(node);
  spec.activations = read_activations(node, spec.cell, static_cast<std::size_t>(spec.directions()));
  if (spec.cell == Cell::lstm) {
    spec.peephole = inputs.p != nullptr;
    if (integer(node, "input_forget", 0) != 0) spec.coupling = GateCoupling::forget_from_input;
  }
  if (spec.cell == Cell::gru) {
    spec.linear_before_reset = integer(node, "linear_before_reset", 0) != 0;
  }
  try {
    validate(spec);
  } catch (const Error& error) {
    throw Refusal(error.what());
  }
  return spec;
}

void check_shapes(const LayerSpec& spec, const RecurrentInputs& inputs) {
  const std::int64_t directions = spec.directions();
  const std::int64_t rows = spec.gates() * spec.hidden_size;
  require_shape("W", *inputs.w, {directions, rows, spec.input_size},
                "[directions, gates * hidden_size, input_size]");
  require_shape("R", *inputs.r, {directions, rows, spec.hidden_size},
                "[directions, gates * hidden_size, hidden_size]");
  if (inputs.b != nullptr) {
    require_shape("B", *inputs.b, {directions, 2 * rows}, "[directions, 2 * gates * hidden_size]");
  }
  if (spec.peephole) {
    require_shape("P", *inputs.p, {directions, 3 * spec.hidden_size},
                  "[directions, 3 * hidden_size]");
  }
}

std::vector<float> floats_of(const char* input, const Array* array) {
  if (array == nullptr) return {};
  try {
    return to_floats(*array);
  } catch (const Refusal& refusal) {
    throw Refusal(std::string("input ") + input + " " + refusal.what());
  }
}

/// The part of all directions' values that belongs to one of them.
std::span<const float> part(const std::vector<float>& values, const LayerSpec& spec,
                            std::size_t direction) {
  const std::size_t size = values.size() / static_cast<std::size_t>(spec.directions());
  return std::span(values).subspan(direction * size, size);
}

}  // namespace

bool is_recurrent(const NodeProto& node) {
  const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
  return standard &&
         (node.op_type() == "LSTM" || node.op_type() == "GRU" || node.op_type() == "RNN");
}

ModelLayer read_layer(const NodeProto& node, const RecurrentInputs& inputs) {
  ModelLayer layer;
  layer.spec = read_spec(node, inputs);
  const LayerSpec& spec = layer.spec;
  check_shapes(spec, inputs);
  const std::vector<float> w = floats_of("W", inputs.w);
  const std::vector<float> r = floats_of("R", inputs.r);
  const std::vector<float> b = floats_of("B", inputs.b);
  const std::vector<float> p = floats_of("P", inputs.p);
  const std::int64_t hidden = spec.hidden_size;
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    DirectionWeights& weights = layer.directions.at(d);
    weights.weight_ih = reorder_gates(spec.cell, part(w, spec, d), hidden * spec.input_size);
    weights.weight_hh = reorder_gates(spec.cell, part(r, spec, d), hidden * hidden);
    if (spec.bias) {
      const std::span<const float> both = part(b, spec, d);
      weights.bias_ih = reorder_gates(spec.cell, both.first(both.size() / 2), hidden);
      weights.bias_hh = reorder_gates(spec.cell, both.last(both.size() / 2), hidden);
    }
    if (spec.peephole) weights.peephole = reorder_peepholes(part(p, spec, d), hidden);
  }
  return layer;
}

}  // namespace carousel::loading::onnx
