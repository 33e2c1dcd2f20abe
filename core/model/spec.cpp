// SPDX-License-Identifier: Apache-2.0
#include "activation_parameters.hpp"

#include <carousel/error.hpp>
#include <carousel/spec.hpp>

#include <cmath>

namespace carousel {
namespace {

// Keeps every product of three sizes and an element width far from the limits of int64.
constexpr std::int64_t kMaxSize = std::int64_t{1} << 20U;

void check_size(const char* field, std::int64_t value, std::int64_t least) {
  if (value >= least && value <= kMaxSize) return;
  throw Error(std::string("layer spec: ") + field + " is " + std::to_string(value) +
              ", but must be in " + std::to_string(least) + ".." + std::to_string(kMaxSize));
}

void check_clip(const char* field, float value) {
  if (value >= 0.0F && std::isfinite(value)) return;
  throw Error(std::string("layer spec: ") + field + " is " + std::to_string(value) +
              ", but must be finite and not negative (0: none)");
}

void check_lstm_only(bool used, const char* field, Cell cell) {
  if (!used || cell == Cell::lstm) return;
  throw Error(std::string("layer spec: ") + field + " is defined for LSTM cells only, not for " +
              std::string(name(cell)));
}

void check_activations(const LayerSpec& spec) {
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    for (std::size_t k = 0; k < activation_count(spec.cell); ++k) {
      const Activation& activation = spec.activations[d][k];
      if (std::isfinite(activation.alpha) && std::isfinite(activation.beta)) continue;
      throw Error("layer spec: alpha " + std::to_string(activation.alpha) + " and beta " +
                  std::to_string(activation.beta) + " of activation " +
                  std::string(name(activation.kind)) + " must be finite");
    }
  }
}

/// ", activations Tanh", or with two sets ", activations Tanh / Relu".
std::string describe_activations(const LayerSpec& spec) {
  if (has_default_activations(spec)) return "";
  std::string text = ", activations";
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    if (d == 1 && spec.activations[0] == spec.activations[1]) break;
    if (d == 1) text += " /";
    for (std::size_t k = 0; k < activation_count(spec.cell); ++k) {
      text += ' ' + std::string(name(spec.activations[d][k].kind));
    }
  }
  return text;
}

}  // namespace

std::int64_t LayerSpec::parameter_count() const noexcept {
  const std::int64_t rows = gates() * hidden_size;
  std::int64_t count = rows * input_size + (bias ? rows : 0);
  if (recurrent()) count += rows * state_size() + (bias ? rows : 0);
  count += proj_size * hidden_size + (peephole ? 3 * hidden_size : 0);
  return count * directions();
}

double LayerSpec::flops_per_row() const noexcept {
  const auto rows = static_cast<double>(gates() * hidden_size);
  double macs = rows * static_cast<double>(input_size);
  if (recurrent()) macs += rows * static_cast<double>(state_size());
  macs += static_cast<double>(proj_size * hidden_size);
  return 2.0 * macs * static_cast<double>(directions());
}

ActivationSet default_activations(Cell cell) noexcept {
  constexpr Activation sigmoid{ActivationKind::sigmoid};
  constexpr Activation tanh{ActivationKind::tanh};
  switch (cell) {
    case Cell::lstm: return {sigmoid, tanh, tanh};
    case Cell::gru: return {sigmoid, tanh, {}};
    case Cell::rnn: return {tanh, {}, {}};
    case Cell::linear: break;
  }
  return {};
}

std::size_t activation_count(Cell cell) noexcept {
  switch (cell) {
    case Cell::lstm: return 3;
    case Cell::gru: return 2;
    case Cell::rnn: return 1;
    case Cell::linear: break;
  }
  return 0;
}

ActivationParameters parameters(ActivationKind kind) noexcept {
  switch (kind) {
    case ActivationKind::affine:
    case ActivationKind::scaled_tanh:
    case ActivationKind::hard_sigmoid: return {true, true};
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

bool has_default_activations(const LayerSpec& spec) noexcept {
  const ActivationSet usual = default_activations(spec.cell);
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    for (std::size_t k = 0; k < activation_count(spec.cell); ++k) {
      if (!same_function(spec.activations[d][k], usual[k])) return false;
    }
  }
  return true;
}

LayerSpec make_spec(Cell cell, std::int64_t input_size, std::int64_t hidden_size,
                    Direction direction, std::int64_t proj_size, bool bias) noexcept {
  LayerSpec spec;
  spec.cell = cell;
  spec.direction = direction;
  spec.input_size = input_size;
  spec.hidden_size = hidden_size;
  spec.proj_size = proj_size;
  spec.bias = bias;
  spec.activations = {default_activations(cell), default_activations(cell)};
  return spec;
}

void validate(const LayerSpec& spec) {
  check_size("input_size", spec.input_size, 1);
  check_size("hidden_size", spec.hidden_size, 1);
  check_size("proj_size", spec.proj_size, 0);
  check_clip("clip", spec.clip);
  check_clip("cell_clip", spec.cell_clip);
  check_activations(spec);
  check_lstm_only(spec.proj_size > 0, "proj_size", spec.cell);
  check_lstm_only(spec.peephole, "peephole", spec.cell);
  check_lstm_only(spec.coupling != GateCoupling::none, "coupling", spec.cell);
  check_lstm_only(spec.cell_clip > 0.0F, "cell_clip", spec.cell);
  if (spec.proj_size > 0 && spec.proj_size >= spec.hidden_size) {
    throw Error("layer spec: proj_size is " + std::to_string(spec.proj_size) +
                ", but must be smaller than hidden_size, which is " +
                std::to_string(spec.hidden_size));
  }
  if (spec.cell == Cell::linear && spec.direction != Direction::forward) {
    throw Error("layer spec: a linear layer has no direction");
  }
  if (spec.cell == Cell::linear && spec.clip > 0.0F) {
    throw Error("layer spec: a linear layer has no gates to clip");
  }
}

std::string describe(const LayerSpec& spec) {
  std::string text;
  switch (spec.cell) {
    case Cell::lstm: text = "LSTM "; break;
    case Cell::gru: text = "GRU "; break;
    case Cell::rnn: text = "RNN "; break;
    case Cell::linear: text = "Linear "; break;
  }
  text += std::to_string(spec.input_size) + " -> " + std::to_string(spec.hidden_size);
  if (spec.proj_size > 0) text += ", proj " + std::to_string(spec.proj_size);
  if (spec.direction != Direction::forward) text += ", " + std::string(name(spec.direction));
  if (!spec.bias) text += ", no bias";
  if (spec.peephole) text += ", peephole";
  if (spec.coupling == GateCoupling::forget_from_input) text += ", f = 1 - i";
  if (spec.coupling == GateCoupling::input_from_forget) text += ", i = 1 - f";
  if (spec.cell == Cell::gru && !spec.linear_before_reset) text += ", reset before linear";
  if (spec.clip > 0.0F) text += ", clip " + std::to_string(spec.clip);
  if (spec.cell_clip > 0.0F) text += ", cell clip " + std::to_string(spec.cell_clip);
  text += describe_activations(spec);
  if (spec.precision != Precision::float32) text += ", " + std::string(name(spec.precision));
  return text;
}

std::string_view name(Cell cell) noexcept {
  switch (cell) {
    case Cell::lstm: return "lstm";
    case Cell::gru: return "gru";
    case Cell::rnn: return "rnn";
    case Cell::linear: return "linear";
  }
  return "?";
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
  }
  return "?";
}

std::string_view name(Precision precision) noexcept {
  switch (precision) {
    case Precision::float32: return "float32";
    case Precision::bfloat16: return "bfloat16";
    case Precision::int8: return "int8";
  }
  return "?";
}

}  // namespace carousel
