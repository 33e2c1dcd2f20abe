// SPDX-License-Identifier: Apache-2.0
// https://github.com/jatinchowdhury18/RTNeural: layers of Keras with the arrays that get_weights()
// gives.
#include "rtneural_layer.hpp"

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace carousel::loading {
namespace {

// PyTorch's order of gates by Keras's: i, f, c, o is the same; z, r, h becomes r, z, n.
constexpr std::array<std::size_t, 4> kLstmGates{0, 1, 2, 3};
constexpr std::array<std::size_t, 3> kGruGates{1, 0, 2};
constexpr std::array<std::size_t, 1> kNoGates{0};

constexpr std::array<std::pair<std::string_view, Activation>, 5> kFunctions{{
    {"tanh", {ActivationKind::tanh}},
    {"relu", {ActivationKind::relu}},
    {"sigmoid", {ActivationKind::sigmoid}},
    {"softmax", {ActivationKind::softmax}},
    {"elu", {ActivationKind::elu, 1.0F}},
}};

using AppendLayers = void (*)(RTNeuralLayer& layer, std::vector<ModelLayer>& layers);

void append_activation(RTNeuralLayer& layer, std::vector<ModelLayer>& layers) {
  const std::string name = layer.activation();
  if (name.empty() || name == "linear") return;
  const auto found = std::ranges::find(kFunctions, name, [](const auto& one) { return one.first; });
  if (found == kFunctions.end()) {
    refuse(layer.place(), formatted("has the activation {}, which is not supported", quote(name)),
           ErrorCode::unsupported);
  }
  layers.push_back({.spec = ActivationSpec{found->second, layer.output()}});
}

void require_same_size(const RTNeuralLayer& layer) {
  if (layer.input() == layer.output()) return;
  refuse(layer.place(), formatted("must give as many features as it is given, {}, but gives {}",
                                  layer.input(), layer.output()));
}

void activation(RTNeuralLayer& layer, std::vector<ModelLayer>& layers) {
  layer.require_arrays(0, 0);
  require_same_size(layer);
  append_activation(layer, layers);
}

void dense(RTNeuralLayer& layer, std::vector<ModelLayer>& layers) {
  const bool bias = layer.require_arrays(1, 2) == 2;
  ModelLayer result{.spec = DenseSpec{layer.input(), layer.output(), bias}};
  result.weights["weight"] = transposed(layer.array(0, {layer.input(), layer.output()}), kNoGates);
  if (bias) result.weights["bias"] = to_tensor(layer.array(1, {layer.output()}));
  layers.push_back(std::move(result));
  append_activation(layer, layers);
}

/// Of Keras it is the function of candidate and output, but RTNeural computes tanh whatever it is.
void require_tanh(RTNeuralLayer& layer) {
  const std::string name = layer.activation();
  if (name.empty() || name == "tanh") return;
  refuse(layer.place(),
         formatted("has the activation {}, which Keras computes and RTNeural takes for tanh: "
                   "change the file to 'tanh' if that is what is meant",
                   quote(name)),
         ErrorCode::unsupported);
}

/// The two matrices, which all recurrent layers have.
ModelLayer recurrent(RTNeuralLayer& layer, Cell cell, GateOrder gates) {
  require_tanh(layer);
  const std::int64_t hidden = layer.output();
  const auto columns = static_cast<std::int64_t>(gates.size()) * hidden;
  ModelLayer result{.spec = make_spec(cell, layer.input(), hidden)};
  result.weights["weight_ih"] = transposed(layer.array(0, {layer.input(), columns}), gates);
  result.weights["weight_hh"] = transposed(layer.array(1, {hidden, columns}), gates);
  return result;
}

Tensor zeros(std::int64_t count) {
  return {{count}, std::vector<float>(static_cast<std::size_t>(count), 0.0F)};
}

void lstm(RTNeuralLayer& layer, std::vector<ModelLayer>& layers) {
  const bool bias = layer.require_arrays(2, 3) == 3;
  ModelLayer result = recurrent(layer, Cell::lstm, kLstmGates);
  std::get<RecurrentSpec>(result.spec).bias = bias;
  const std::int64_t rows = 4 * layer.output();
  if (bias) {
    result.weights["bias_ih"] = reordered(layer.array(2, {rows}).values, kLstmGates);
    result.weights["bias_hh"] = zeros(rows);
  }
  layers.push_back(std::move(result));
}

/// Two rows of biases belong to a GRU that resets after the product (`reset_after`, as PyTorch's
/// does); one row belongs to one that resets before it.
void set_gru_bias(const RTNeuralLayer& layer, ModelLayer& result) {
  const JsonArray bias = layer.array(2);
  const std::int64_t rows = 3 * layer.output();
  const bool after = bias.shape == std::vector<std::int64_t>{2, rows};
  if (!after && bias.shape != std::vector<std::int64_t>{rows}) {
    refuse(layer.place(), formatted("has a bias of shape {}; expected [2, {}] or [{}]",
                                    shape_text(bias.shape), rows, rows));
  }
  const std::span<const float> values(bias.values);
  const auto size = static_cast<std::size_t>(rows);
  std::get<RecurrentSpec>(result.spec).linear_before_reset = after;
  result.weights["bias_ih"] = reordered(values.first(size), kGruGates);
  result.weights["bias_hh"] = after ? reordered(values.subspan(size), kGruGates) : zeros(rows);
}

void gru(RTNeuralLayer& layer, std::vector<ModelLayer>& layers) {
  const bool bias = layer.require_arrays(2, 3) == 3;
  ModelLayer result = recurrent(layer, Cell::gru, kGruGates);
  std::get<RecurrentSpec>(result.spec).bias = bias;
  if (bias) set_gru_bias(layer, result);
  layers.push_back(std::move(result));
}

/// The one number of an array like "kernel_size": [3]; absent: 1.
std::int64_t only_number(RTNeuralLayer& layer, const char* field) {
  const std::vector<std::int64_t> numbers = layer.integers(field);
  if (numbers.size() > 1) {
    refuse(layer.place(), std::string("has several numbers as ") + field, ErrorCode::unsupported);
  }
  return numbers.empty() ? 1 : numbers.front();
}

/// Keras's [kernel_size, in_channels / groups, out_channels] as PyTorch's [out_channels,
/// in_channels / groups, kernel_size].
Tensor convolution_weight(const JsonArray& array) {
  const std::int64_t kernel = array.shape[0];
  const std::int64_t inputs = array.shape[1];
  const std::int64_t outputs = array.shape[2];
  std::vector<float> values;
  values.reserve(array.values.size());
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t i = 0; i < inputs; ++i) {
      for (std::int64_t k = 0; k < kernel; ++k) {
        values.push_back(array.values[static_cast<std::size_t>((k * inputs + i) * outputs + o)]);
      }
    }
  }
  return {{outputs, inputs, kernel}, values};
}

/// RTNeural runs sample by sample, so its convolutions along time are causal.
void conv1d(RTNeuralLayer& layer, std::vector<ModelLayer>& layers) {
  const bool bias = layer.require_arrays(1, 2) == 2;
  ConvolutionSpec spec{.in_channels = layer.input(), .out_channels = layer.output()};
  spec.kernel_size = only_number(layer, "kernel_size");
  spec.dilation = only_number(layer, "dilation");
  spec.groups = layer.integer("groups", 1);
  spec.causal = true;
  spec.bias = bias;
  if (spec.groups < 1 || layer.input() % spec.groups != 0 || spec.kernel_size < 1 ||
      spec.dilation < 1) {
    refuse(layer.place(),
           formatted("needs a kernel_size and a dilation of 1 and more, and groups that divide {}",
                     layer.input()));
  }
  spec.pad_begin = spec.span() - 1;
  ModelLayer result{.spec = spec};
  result.weights["weight"] = convolution_weight(
      layer.array(0, {spec.kernel_size, layer.input() / spec.groups, layer.output()}));
  if (bias) result.weights["bias"] = to_tensor(layer.array(1, {layer.output()}));
  layers.push_back(std::move(result));
  append_activation(layer, layers);
}

ModelLayer with_constant(ElementwiseOperation operation, const std::vector<float>& operand) {
  const auto size = static_cast<std::int64_t>(operand.size());
  ModelLayer layer{.spec = ElementwiseSpec{operation, size, ElementwiseSpec::Constant::second}};
  layer.weights["operand"] = Tensor({size}, operand);
  return layer;
}

void prelu(RTNeuralLayer& layer, std::vector<ModelLayer>& layers) {
  layer.require_arrays(1, 1);
  require_same_size(layer);
  JsonArray slope = layer.array(0);
  if (slope.values.size() == 1)
    slope.values.resize(static_cast<std::size_t>(layer.input()), slope.values[0]);
  if (std::cmp_not_equal(slope.values.size(), layer.input())) {
    refuse(layer.place(),
           formatted("has {} slopes for {} features", slope.values.size(), layer.input()));
  }
  layers.push_back(with_constant(ElementwiseOperation::prelu, slope.values));
}

/// gamma, beta, mean and variance of Keras, or mean and variance alone.
void batchnorm(RTNeuralLayer& layer, std::vector<ModelLayer>& layers) {
  const std::size_t arrays = layer.require_arrays(2, 4);
  require_same_size(layer);
  if (arrays == 3) refuse(layer.place(), "must have 2 or 4 arrays of weights, found 3");
  const std::vector<std::int64_t> shape{layer.input()};
  const JsonArray mean = layer.array(arrays - 2, shape);
  const JsonArray variance = layer.array(arrays - 1, shape);
  const auto size = static_cast<std::size_t>(layer.input());
  const std::vector<float> gamma =
      arrays == 4 ? layer.array(0, shape).values : std::vector<float>(size, 1.0F);
  const std::vector<float> beta =
      arrays == 4 ? layer.array(1, shape).values : std::vector<float>(size, 0.0F);
  const double epsilon = layer.real("epsilon", 0.001F);
  std::vector<float> factor(size);
  std::vector<float> shift(size);
  for (std::size_t k = 0; k < size; ++k) {
    const double scale = gamma[k] / std::sqrt(variance.values[k] + epsilon);
    factor[k] = static_cast<float>(scale);
    shift[k] = static_cast<float>(beta[k] - mean.values[k] * scale);
  }
  layers.push_back(with_constant(ElementwiseOperation::multiply, factor));
  layers.push_back(with_constant(ElementwiseOperation::add, shift));
}

/// Types of layers that RTNeural has and Carousel has not.
void missing(RTNeuralLayer& layer, std::vector<ModelLayer>&) {
  refuse(layer.place(), formatted("is of the type {}, which is not supported", quote(layer.type())),
         ErrorCode::unsupported);
}

constexpr std::array<std::pair<std::string_view, AppendLayers>, 10> kTypes{{
    {"dense", dense},
    {"time-distributed-dense", dense},
    {"lstm", lstm},
    {"gru", gru},
    {"activation", activation},
    {"conv1d", conv1d},
    {"conv2d", missing},
    {"prelu", prelu},
    {"batchnorm", batchnorm},
    {"batchnorm2d", missing},
}};

}  // namespace

RTNeuralLayer::RTNeuralLayer(const Json& json, const JsonPlace& place, std::int64_t input)
    : reader_(json, place),
      weights_(reader_.find("weights")),
      input_(input),
      output_(last_dimension(reader_, "shape")) {
  if (weights_ != nullptr && !weights_->is_array()) {
    reader_.refuse_field("weights", "an array of arrays", *weights_);
  }
}

std::size_t RTNeuralLayer::require_arrays(std::size_t least, std::size_t most) {
  const std::size_t count = weights_ == nullptr ? 0 : weights_->size();
  if (count >= least && count <= most) return count;
  const std::string range = least == most ? "" : formatted("{} to ", least);
  refuse(place(), formatted("of the type {} must have {}{} arrays of weights, found {}",
                            quote(type()), range, most, count));
}

JsonArray RTNeuralLayer::array(std::size_t index, const std::vector<std::int64_t>& shape) const {
  return read_array((*weights_)[index], place_of(index), shape);
}

JsonArray RTNeuralLayer::array(std::size_t index) const {
  return read_array((*weights_)[index], place_of(index));
}

JsonPlace RTNeuralLayer::place_of(std::size_t index) const {
  JsonPlace place = reader_.place();
  place.path += formatted(": weights[{}]", index);
  return place;
}

void append_layers(RTNeuralLayer& layer, std::vector<ModelLayer>& layers) {
  const std::string type = layer.type();
  const auto found = std::ranges::find(kTypes, type, [](const auto& one) { return one.first; });
  if (found == kTypes.end()) {
    refuse(layer.place(), formatted("is of the type {}, which RTNeural does not have", quote(type)),
           ErrorCode::unsupported);
  }
  found->second(layer, layers);
}

std::int64_t last_dimension(JsonReader& reader, const char* field) {
  constexpr std::int64_t most = 1 << 20;
  const Json& shape = reader.require(field);
  const bool fits = shape.is_array() && !shape.empty() && shape.back().is_number_integer();
  const std::int64_t size = fits ? shape.back().get<std::int64_t>() : 0;
  if (size < 1 || size > most) {
    reader.refuse_field(field, "an array that ends with the number of features", shape);
  }
  return size;
}

}  // namespace carousel::loading
