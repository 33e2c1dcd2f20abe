// SPDX-License-Identifier: Apache-2.0
#include <carousel/error.hpp>
#include <carousel/precision.hpp>
#include <carousel/spec.hpp>

#include "core/model/activation_parameters.hpp"
#include "core/model/element_count.hpp"
#include "core/model/formatted.hpp"
#include "core/model/kinds/kinds.hpp"
#include "core/model/quote.hpp"

#include <array>

namespace carousel {

std::string_view kind_name(const LayerSpec& spec) noexcept {
  return std::visit([](const auto& s) { return kinds::kind_name(s); }, spec);
}

std::size_t input_count(const LayerSpec& spec) noexcept {
  return std::visit([](const auto& s) { return kinds::input_count(s); }, spec);
}

std::int64_t input_size(const LayerSpec& spec, std::size_t index) noexcept {
  return std::visit([&](const auto& s) { return kinds::input_size(s, index); }, spec);
}

std::int64_t output_size(const LayerSpec& spec) noexcept {
  return std::visit([](const auto& s) { return kinds::output_size(s); }, spec);
}

bool takes_ids(const LayerSpec& spec) noexcept {
  return std::visit([](const auto& s) { return kinds::takes_ids(s); }, spec);
}

std::int64_t output_steps(const LayerSpec& spec, std::int64_t steps) noexcept {
  return std::visit([&](const auto& s) { return kinds::output_steps(s, steps); }, spec);
}

bool changes_steps(const LayerSpec& spec) noexcept {
  return std::visit([](const auto& s) { return kinds::changes_steps(s); }, spec);
}

bool needs_whole_sequence(const LayerSpec& spec) noexcept {
  return std::visit([](const auto& s) { return kinds::needs_whole_sequence(s); }, spec);
}

std::vector<WeightRole> weight_roles(const LayerSpec& spec) {
  return std::visit([](const auto& s) { return kinds::weight_roles(s); }, spec);
}

std::vector<StateSpec> states(const LayerSpec& spec) {
  return std::visit([](const auto& s) { return kinds::states(s); }, spec);
}

std::int64_t parameter_count(const LayerSpec& spec) {
  std::int64_t count = 0;
  for (const WeightRole& role : weight_roles(spec)) {
    if (role.required) count += element_count(role.shape).value_or(0);
  }
  return count;
}

double flops_per_row(const LayerSpec& spec) noexcept {
  return std::visit([](const auto& s) { return kinds::flops_per_row(s); }, spec);
}

void validate(const LayerSpec& spec) {
  std::visit([](const auto& s) { kinds::validate(s); }, spec);
}

std::string describe(const LayerSpec& spec) {
  return std::visit([](const auto& s) { return kinds::describe(s); }, spec);
}

RecurrentSpec make_spec(Cell cell, std::int64_t input_size, std::int64_t hidden_size,
                        Direction direction, std::int64_t proj_size, bool bias) noexcept {
  RecurrentSpec spec;
  spec.cell = cell;
  spec.direction = direction;
  spec.input_size = input_size;
  spec.hidden_size = hidden_size;
  spec.proj_size = proj_size;
  spec.bias = bias;
  spec.activations = {traits(cell).activations, traits(cell).activations};
  return spec;
}

bool has_default_activations(const RecurrentSpec& spec) noexcept {
  const CellTraits& cell = traits(spec.cell);
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    for (std::size_t k = 0; k < cell.activation_count; ++k) {
      if (!same_function(spec.activations[d][k], cell.activations[k])) return false;
    }
  }
  return true;
}

std::string in_direction(std::string_view name, std::size_t direction) {
  return std::string(name) + (direction == 0 ? "" : "_reverse");
}

ActivationParameters parameters(ActivationKind kind) noexcept {
  switch (kind) {
    case ActivationKind::affine:
    case ActivationKind::scaled_tanh:
    case ActivationKind::hard_sigmoid:
    case ActivationKind::clip: return {true, true};
    case ActivationKind::leaky_relu:
    case ActivationKind::thresholded_relu:
    case ActivationKind::elu: return {true, false};
    default: return {};
  }
}

bool same_function(const Activation& a, const Activation& b) noexcept {
  if (a.kind != b.kind) return false;
  const ActivationParameters used = parameters(a.kind);
  return (!used.alpha || a.alpha == b.alpha) && (!used.beta || a.beta == b.beta);
}

std::string_view name(Direction direction) noexcept {
  switch (direction) {
    case Direction::forward: return "forward";
    case Direction::reverse: return "reverse";
    case Direction::bidirectional: return "bidirectional";
  }
  return "?";
}

std::string_view name(ActivationKind kind) noexcept {
  switch (kind) {
    case ActivationKind::sigmoid: return "Sigmoid";
    case ActivationKind::tanh: return "Tanh";
    case ActivationKind::relu: return "Relu";
    case ActivationKind::affine: return "Affine";
    case ActivationKind::leaky_relu: return "LeakyRelu";
    case ActivationKind::thresholded_relu: return "ThresholdedRelu";
    case ActivationKind::scaled_tanh: return "ScaledTanh";
    case ActivationKind::hard_sigmoid: return "HardSigmoid";
    case ActivationKind::elu: return "Elu";
    case ActivationKind::softsign: return "Softsign";
    case ActivationKind::softplus: return "Softplus";
    case ActivationKind::softmax: return "Softmax";
    case ActivationKind::log_softmax: return "LogSoftmax";
    case ActivationKind::abs: return "Abs";
    case ActivationKind::negative: return "Neg";
    case ActivationKind::sqrt: return "Sqrt";
    case ActivationKind::exp: return "Exp";
    case ActivationKind::log: return "Log";
    case ActivationKind::reciprocal: return "Reciprocal";
    case ActivationKind::erf: return "Erf";
    case ActivationKind::sign: return "Sign";
    case ActivationKind::clip: return "Clip";
    case ActivationKind::gelu: return "Gelu";
    case ActivationKind::gelu_tanh: return "GeluTanh";
    case ActivationKind::silu: return "Silu";
    case ActivationKind::hard_swish: return "HardSwish";
    case ActivationKind::selu: return "Selu";
    case ActivationKind::mish: return "Mish";
    case ActivationKind::floor: return "Floor";
    case ActivationKind::ceil: return "Ceil";
    case ActivationKind::round: return "Round";
  }
  return "?";
}

bool has_precision(const LayerSpec& spec) noexcept {
  if (const auto* convolution = std::get_if<ConvolutionSpec>(&spec)) {
    return !convolution->depthwise();
  }
  return std::holds_alternative<RecurrentSpec>(spec) || std::holds_alternative<DenseSpec>(spec);
}

std::span<const Precision> precisions() noexcept {
  static constexpr std::array kAll{Precision::float32, Precision::float16, Precision::bfloat16,
                                   Precision::int8};
  return kAll;
}

std::string_view name(Precision precision) noexcept {
  switch (precision) {
    case Precision::float32: return "float32";
    case Precision::float16: return "float16";
    case Precision::bfloat16: return "bfloat16";
    case Precision::int8: return "int8";
  }
  return "?";
}

Precision precision_by_name(std::string_view text) {
  std::string known;
  for (const Precision precision : precisions()) {
    if (text == name(precision)) return precision;
    known += formatted("{}{}'", known.empty() ? "'" : ", '", name(precision));
  }
  throw Error(ErrorCode::unsupported,
              formatted("precision {} is not supported; there are {}", quote(text), known));
}

std::string_view name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid argument";
    case ErrorCode::bad_format: return "bad format";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::out_of_memory: return "out of memory";
    case ErrorCode::internal: return "internal error";
    case ErrorCode::file_not_found: return "file not found";
    case ErrorCode::file_access: return "file access";
    case ErrorCode::plugin_failed: return "plug-in failed";
  }
  return "?";
}

}  // namespace carousel
