// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

#include <cmath>

namespace carousel::kinds {
namespace {

void check_clip(const char* field, float value) {
  if (value >= 0.0F && std::isfinite(value)) return;
  refuse(formatted("{} is {}, but must be finite and not negative (0: none)", field, value));
}

void check_lstm_only(bool used, const char* field, Cell cell) {
  if (!used || cell == Cell::lstm) return;
  refuse(formatted("{} is defined for LSTM cells only, not for {}", field, name(cell)));
}

void check_activations(const RecurrentSpec& spec) {
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    for (std::size_t k = 0; k < traits(spec.cell).activation_count; ++k) {
      const Activation& activation = spec.activations[d][k];
      check_activation(activation);
      if (is_cell_function(activation.kind)) continue;
      refuse(formatted("a recurrent cell cannot have the activation {}{}", name(activation.kind),
                       is_elementwise(activation.kind)
                           ? ", which is for layers of its own"
                           : ", which works over all features of a frame"));
    }
  }
}

void check_layer_norm(const RecurrentSpec& spec) {
  if (!spec.layer_norm) return;
  if (spec.peephole) {
    refuse(
        "layer_norm and peephole do not go together: the output gate of each unit sees its new "
        "cell state then, and could be normalized only after those of all units");
  }
  if (spec.layer_norm_epsilon > 0.0F && std::isfinite(spec.layer_norm_epsilon)) return;
  refuse(formatted("layer_norm_epsilon is {}, but must be positive and finite",
                   spec.layer_norm_epsilon));
}

void check_heads(const RecurrentSpec& spec) {
  if (spec.cell == Cell::slstm && spec.clip > 0.0F) {
    refuse("clip is not defined for " + std::string(name(spec.cell)));
  }
  if (spec.heads != 1 && spec.cell != Cell::slstm) {
    refuse("heads is defined for slstm cells only, not for " + std::string(name(spec.cell)));
  }
  if (spec.heads >= 1 && spec.hidden_size % spec.heads == 0) return;
  refuse(formatted("heads is {}, but must be a divisor of hidden_size, {}", spec.heads,
                   spec.hidden_size));
}

/// ", activations Tanh", or with two sets ", activations Tanh / Relu".
std::string describe_activations(const RecurrentSpec& spec) {
  if (has_default_activations(spec)) return "";
  std::string text = ", activations";
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    if (d == 1 && spec.activations[0] == spec.activations[1]) break;
    if (d == 1) text += " /";
    for (std::size_t k = 0; k < traits(spec.cell).activation_count; ++k) {
      text += ' ' + std::string(name(spec.activations[d][k].kind));
    }
  }
  return text;
}

/// Of one direction, without its ending.
std::vector<WeightRole> direction_roles(const RecurrentSpec& spec) {
  const std::int64_t rows = spec.gates() * spec.hidden_size;
  std::vector<WeightRole> roles{{"weight_ih", {rows, spec.input_size}},
                                {"weight_hh", {rows, spec.recurrent_size()}}};
  if (spec.bias) {
    roles.push_back({"bias_ih", {rows}});
    roles.push_back({"bias_hh", {rows}});
  }
  if (spec.proj_size > 0) roles.push_back({"weight_hr", {spec.proj_size, spec.hidden_size}});
  if (spec.peephole) roles.push_back({"peephole", {3 * spec.hidden_size}});
  if (spec.layer_norm) roles.push_back({"norm_weight", {rows}});
  for (const StateSpec& state : states(spec)) {
    if (state.name.ends_with("_reverse")) break;
    roles.push_back({"initial_" + state.name, {state.size}, false});
  }
  return roles;
}

}  // namespace

std::string_view kind_name(const RecurrentSpec&) noexcept { return "recurrent"; }

std::int64_t input_size(const RecurrentSpec& spec, std::size_t) noexcept { return spec.input_size; }

std::int64_t output_size(const RecurrentSpec& spec) noexcept { return spec.output_size(); }

bool needs_whole_sequence(const RecurrentSpec& spec) noexcept {
  return spec.direction != Direction::forward;
}

std::vector<WeightRole> weight_roles(const RecurrentSpec& spec) {
  const std::vector<WeightRole> one = direction_roles(spec);
  std::vector<WeightRole> all;
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    for (const WeightRole& role : one) {
      all.push_back({in_direction(role.name, d), role.shape, role.required});
    }
  }
  return all;
}

std::vector<StateSpec> states(const RecurrentSpec& spec) {
  std::vector<StateSpec> list;
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    for (std::size_t k = 0; k < spec.state_count(); ++k) {
      const std::int64_t size = k == 0 ? spec.state_size() : spec.hidden_size;
      list.push_back({in_direction(traits(spec.cell).states[k], d), size});
    }
  }
  return list;
}

double flops_per_row(const RecurrentSpec& spec) noexcept {
  const auto rows = static_cast<double>(spec.gates() * spec.hidden_size);
  const double macs = rows * static_cast<double>(spec.input_size) +
                      rows * static_cast<double>(spec.recurrent_size()) +
                      static_cast<double>(spec.proj_size * spec.hidden_size);
  return 2.0 * macs * static_cast<double>(spec.directions());
}

void validate(const RecurrentSpec& spec) {
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
  check_lstm_only(spec.layer_norm, "layer_norm", spec.cell);
  check_layer_norm(spec);
  check_heads(spec);
  if (spec.proj_size > 0 && spec.proj_size >= spec.hidden_size) {
    refuse(formatted("proj_size is {}, but must be smaller than hidden_size, which is {}",
                     spec.proj_size, spec.hidden_size));
  }
}

std::string describe(const RecurrentSpec& spec) {
  std::string text(traits(spec.cell).title);
  text += formatted(" {} -> {}", spec.input_size, spec.hidden_size);
  if (spec.proj_size > 0) text += formatted(", proj {}", spec.proj_size);
  if (spec.direction != Direction::forward) text += ", " + std::string(name(spec.direction));
  if (!spec.bias) text += ", no bias";
  if (spec.peephole) text += ", peephole";
  if (spec.coupling == GateCoupling::forget_from_input) text += ", f = 1 - i";
  if (spec.coupling == GateCoupling::input_from_forget) text += ", i = 1 - f";
  if (spec.cell == Cell::gru && !spec.linear_before_reset) text += ", reset before linear";
  if (spec.clip > 0.0F) text += formatted(", clip {}", spec.clip);
  if (spec.cell_clip > 0.0F) text += formatted(", cell clip {}", spec.cell_clip);
  if (spec.layer_norm) text += ", layer norm";
  if (spec.heads > 1) text += formatted(", {} heads", spec.heads);
  return text + describe_activations(spec);
}

}  // namespace carousel::kinds
