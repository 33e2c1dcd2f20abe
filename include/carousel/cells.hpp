// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/activation.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// \file
/// What there is to know about each recurrent cell before its equations: one table that everything
/// else reads.
namespace carousel {

/// What a recurrent layer computes at each step.
enum class Cell : std::uint8_t { lstm, gru, rnn, slstm };
inline constexpr std::size_t kCellCount = 4;

/// One line of the table of cells.
struct CellTraits {
  std::string_view name;   ///< In files and on the command line: "lstm".
  std::string_view title;  ///< For people: "LSTM".
  /// The gates in the order of the rows of weight_ih and weight_hh, a letter each (PyTorch's
  /// order).
  std::string_view gates;
  /// What the cell carries from step to step, h first.
  std::array<std::string_view, 4> states;
  std::size_t state_count;         ///< How many of `states` there are.
  ActivationSet activations;       ///< The usual functions.
  std::size_t activation_count;    ///< How many of `activations` the cell uses.
  std::string_view onnx_operator;  ///< "LSTM"; empty: ONNX has no such operator.
  /// Which gate of PyTorch's order stands at each place of ONNX's.
  std::array<std::uint8_t, 4> onnx_gates;
};

namespace detail {
inline constexpr Activation kSigmoid{ActivationKind::sigmoid};
inline constexpr Activation kTanh{ActivationKind::tanh};
}  // namespace detail

/// The table, in the order of `Cell`.
inline constexpr std::array<CellTraits, kCellCount> kCells{{
    {.name = "lstm",
     .title = "LSTM",
     .gates = "ifgo",
     .states = {"h", "c"},
     .state_count = 2,
     .activations = {detail::kSigmoid, detail::kTanh, detail::kTanh},
     .activation_count = 3,
     .onnx_operator = "LSTM",
     .onnx_gates = {0, 3, 1, 2}},
    {.name = "gru",
     .title = "GRU",
     .gates = "rzn",
     .states = {"h"},
     .state_count = 1,
     .activations = {detail::kSigmoid, detail::kTanh, Activation{}},
     .activation_count = 2,
     .onnx_operator = "GRU",
     .onnx_gates = {1, 0, 2, 0}},
    {.name = "rnn",
     .title = "RNN",
     .gates = "h",
     .states = {"h"},
     .state_count = 1,
     .activations = {detail::kTanh, Activation{}, Activation{}},
     .activation_count = 1,
     .onnx_operator = "RNN",
     .onnx_gates = {0, 0, 0, 0}},
    // The sLSTM cell of xLSTM, arXiv 2405.04517; its functions are not a matter of choice.
    {.name = "slstm",
     .title = "sLSTM",
     .gates = "ifzo",
     .states = {"h", "c", "n", "m"},
     .state_count = 4,
     .activations = {Activation{}, Activation{}, Activation{}},
     .activation_count = 0,
     .onnx_operator = {},
     .onnx_gates = {0, 0, 0, 0}},
}};

[[nodiscard]] constexpr const CellTraits& traits(Cell cell) noexcept {
  return kCells[static_cast<std::size_t>(cell)];
}

/// "lstm", "gru", "rnn", "slstm"
[[nodiscard]] constexpr std::string_view name(Cell cell) noexcept { return traits(cell).name; }

}  // namespace carousel
