// SPDX-License-Identifier: Apache-2.0
#include "recurrent_node.hpp"

#include "attributes.hpp"
#include "functions.hpp"
#include "gates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "core/model/activation_parameters.hpp"
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

using schema::NodeProto;

/// Null unless the node is of an operator that is a cell here.
const CellTraits* find_cell(const NodeProto& node) {
  if (is_quantized(node)) return &traits(Cell::lstm);
  if (!node.domain().empty() && node.domain() != "ai.onnx") return nullptr;
  const auto found = std::ranges::find(kCells, node.op_type(), &CellTraits::onnx_operator);
  return found == kCells.end() || found->onnx_operator.empty() ? nullptr : &*found;
}

Cell cell_of(const NodeProto& node) { return static_cast<Cell>(find_cell(node) - kCells.data()); }

const KnownFunction& find_function(const std::string& function) {
  std::string names;
  for (const KnownFunction& known : known_functions()) {
    if (known.kind > ActivationKind::softplus) continue;
    if (same_name(name(known.kind), function)) return known;
    names += (names.empty() ? "" : ", ") + std::string(name(known.kind));
  }
  throw Refusal(formatted("activation {} is unknown; there are {}", quote(function), names));
}

/// The next of the values that a node gives for its activations. They are consumed in the order of
/// the functions, by those that have such a parameter.
float next_parameter(std::span<const float>& values, const std::optional<float>& otherwise,
                     const KnownFunction& known, const char* attribute) {
  if (!values.empty()) {
    const float value = values.front();
    values = values.subspan(1);
    return value;
  }
  if (!otherwise) {
    throw Malformed(formatted("activation {} needs a value in {}", name(known.kind), attribute));
  }
  return *otherwise;
}

/// An RNN's list is two functions by default, whatever its direction, and programs that write all
/// attributes write that.
bool is_default(const std::vector<std::string>& names, Cell cell) {
  return cell == Cell::rnn && names == std::vector<std::string>{"Tanh", "Tanh"};
}

std::array<ActivationSet, 2> read_activations(const NodeProto& node, Cell cell,
                                              std::size_t directions) {
  const std::vector<std::string> names = texts(node, "activations");
  std::array<ActivationSet, 2> sets{traits(cell).activations, traits(cell).activations};
  if (names.empty() || is_default(names, cell)) return sets;
  const std::size_t count = traits(cell).activation_count;
  if (names.size() != count * directions) {
    throw Malformed(formatted("attribute 'activations' has {} functions, but must have {}",
                              names.size(), count * directions));
  }
  const std::vector<float> alphas = reals(node, "activation_alpha");
  const std::vector<float> betas = reals(node, "activation_beta");
  std::span<const float> alpha = alphas;
  std::span<const float> beta = betas;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const KnownFunction& known = find_function(names[k]);
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
  throw Malformed(
      formatted("attribute 'direction' is {}; it must be 'forward', 'reverse' or 'bidirectional'",
                quote(direction)));
}

float read_clip(const NodeProto& node) {
  if (find_attribute(node, "clip") == nullptr) return 0.0F;
  const float clip = real(node, "clip", 0.0F);
  if (!(clip > 0.0F)) {
    throw Malformed(formatted("attribute 'clip' is {}, but must be positive", clip));
  }
  return std::isinf(clip) ? 0.0F : clip;
}

void require_shape(const char* input, const Array& array, const std::vector<std::int64_t>& shape,
                   const char* rule) {
  if (array.shape == shape) return;
  throw Malformed(formatted("input {} has the shape {}; expected {} = {}", input,
                            shape_text(array.shape), rule, shape_text(shape)));
}

std::int64_t read_hidden_size(const NodeProto& node, const RecurrentInputs& inputs) {
  if (inputs.w == nullptr || inputs.r == nullptr) {
    throw Malformed(formatted("input {} is missing", inputs.w == nullptr ? "W" : "R"));
  }
  if (inputs.w->rank() != 3 || inputs.r->rank() != 3) {
    throw Malformed(formatted("inputs W {} and R {} must have 3 axes each",
                              shape_text(inputs.w->shape), shape_text(inputs.r->shape)));
  }
  const std::int64_t hidden = integer(node, "hidden_size", inputs.r->shape[2]);
  if (hidden != inputs.r->shape[2]) {
    throw Malformed(formatted("attribute 'hidden_size' is {}, but R has the shape {}", hidden,
                              shape_text(inputs.r->shape)));
  }
  return hidden;
}

/// An attribute that is 0, where it is missing, or 1.
bool flag(const NodeProto& node, const char* attribute) {
  const std::int64_t value = integer(node, attribute, 0);
  if (value == 0 || value == 1) return value == 1;
  throw Malformed(formatted("attribute {} is {}, but must be 0 or 1", quote(attribute), value));
}

RecurrentSpec read_spec(const NodeProto& node, const RecurrentInputs& inputs) {
  RecurrentSpec spec;
  spec.cell = cell_of(node);
  spec.direction = read_direction(node);
  spec.hidden_size = read_hidden_size(node, inputs);
  spec.input_size = inputs.w->shape[2];
  spec.bias = inputs.b != nullptr;
  spec.clip = read_clip(node);
  spec.activations = read_activations(node, spec.cell, static_cast<std::size_t>(spec.directions()));
  if (spec.cell == Cell::lstm) {
    spec.peephole = inputs.p != nullptr;
    if (flag(node, "input_forget")) spec.coupling = GateCoupling::forget_from_input;
  }
  if (spec.cell == Cell::gru) {
    spec.linear_before_reset = flag(node, "linear_before_reset");
  }
  try {
    validate(spec);
  } catch (const Error& error) {
    throw Refusal(error.what());
  }
  return spec;
}

void check_shapes(const RecurrentSpec& spec, const RecurrentInputs& inputs) {
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

/// The weights of one direction out of an input that has those of all.
class Part {
 public:
  /// Null: omitted.
  Part(const char* input, const Array* array, const RecurrentSpec& spec, std::size_t direction)
      : direction_(direction) {
    if (array == nullptr) return;
    try {
      dtype_ = weight_type(*array);
    } catch (const Refusal& refusal) {
      throw Refusal(formatted("input {} {}", input, refusal.what()), refusal.code());
    }
    const std::size_t size = array->data.size() / static_cast<std::size_t>(spec.directions());
    values_ = std::span(array->data).subspan(direction * size, size);
  }

  [[nodiscard]] std::span<const std::byte> values() const { return values_; }
  [[nodiscard]] std::span<const std::byte> half(std::size_t which) const {
    return values_.subspan(which * (values_.size() / 2), values_.size() / 2);
  }
  void set(ModelLayer& layer, std::string_view role, std::vector<std::int64_t> shape,
           std::vector<std::byte> values) const {
    layer.weights.insert_or_assign(in_direction(role, direction_),
                                   carousel::Tensor(dtype_, std::move(shape), std::move(values)));
  }

 private:
  DType dtype_ = DType::float32;
  std::span<const std::byte> values_;
  std::size_t direction_;
};

void read_direction(const RecurrentSpec& spec, const RecurrentInputs& inputs, std::size_t d,
                    ModelLayer& layer) {
  const std::int64_t rows = spec.gates() * spec.hidden_size;
  const Part w("W", inputs.w, spec, d);
  const Part r("R", inputs.r, spec, d);
  const Part b("B", inputs.b, spec, d);
  const Part p("P", inputs.p, spec, d);
  const Cell cell = spec.cell;
  w.set(layer, "weight_ih", {rows, spec.input_size}, from_onnx_gates(cell, w.values()));
  r.set(layer, "weight_hh", {rows, spec.hidden_size}, from_onnx_gates(cell, r.values()));
  if (spec.bias) {
    b.set(layer, "bias_ih", {rows}, from_onnx_gates(cell, b.half(0)));
    b.set(layer, "bias_hh", {rows}, from_onnx_gates(cell, b.half(1)));
  }
  if (spec.peephole) {
    p.set(layer, "peephole", {3 * spec.hidden_size}, from_onnx_peepholes(p.values()));
  }
}

}  // namespace

bool is_quantized(const NodeProto& node) {
  return node.domain() == kMicrosoftDomain && node.op_type() == "DynamicQuantizeLSTM";
}

bool is_recurrent(const NodeProto& node) { return find_cell(node) != nullptr; }

ModelLayer read_layer(const NodeProto& node, const RecurrentInputs& inputs) {
  const RecurrentSpec spec = read_spec(node, inputs);
  check_shapes(spec, inputs);
  ModelLayer layer{.spec = spec};
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    read_direction(spec, inputs, d, layer);
  }
  return layer;
}

}  // namespace carousel::loading::onnx
