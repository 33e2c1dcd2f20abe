// SPDX-License-Identifier: Apache-2.0
#include "blame.hpp"

#include <variant>

namespace carousel::detail {
namespace {

/// c' = f * c + i * g, and h' = o * tanh(c').
Blame lstm(const RecurrentSpec& spec, std::string_view state) {
  if (state == "c") {
    return {"c", "c: i * g (input gate or candidate)", "c: f * c (forget gate)"};
  }
  return {
      {},
      spec.proj_size > 0 ? "h: W_hr (o * tanh(c)), with c right" : "h: o * tanh(c), with c right",
      {}};
}

/// From n = 0, m' is the input gate's pre-activation; i and f follow from m'. Then n' = f * n + i,
/// c' = f * c + i * z and h' = o * c' / n'.
Blame slstm(std::string_view state) {
  if (state == "m") {
    return {"n", "m: a_i (input gate's pre-activation)", "m: m + log(sigmoid(a_f)) (forget gate)"};
  }
  if (state == "n") return {{}, "n: f * n + i (input or forget gate), with m right", {}};
  if (state == "c") {
    return {"c", "c: i * z (candidate), with n right", "c: f * c (forget gate), with n right"};
  }
  return {{}, "h: o * c / n, with c and n right", {}};
}

/// From h = 0 only W_i x and the biases are left of a GRU or a plain RNN.
Blame only_h() {
  return {"h", "h: W_i x and biases (wrong from h = 0 too)",
          "h: W_h h or what multiplies h (right from h = 0)"};
}

}  // namespace

Blame blame_for_state(const LayerSpec& spec, std::string_view state) {
  if (const auto* recurrent = std::get_if<RecurrentSpec>(&spec)) {
    switch (recurrent->cell) {
      case Cell::lstm: return lstm(*recurrent, state);
      case Cell::gru:
      case Cell::rnn: return only_h();
      case Cell::slstm: return slstm(state);
    }
  }
  return {{}, std::string(state), {}};
}

std::string blame_for_output(const LayerSpec& spec) {
  if (!states(spec).empty()) return "y, with the state right";
  if (std::holds_alternative<DenseSpec>(spec)) return "y: W x + b";
  if (const auto* activation = std::get_if<ActivationSpec>(&spec)) {
    return "y: " + std::string(name(activation->function.kind));
  }
  return "y: " + std::string(kind_name(spec));
}

}  // namespace carousel::detail
