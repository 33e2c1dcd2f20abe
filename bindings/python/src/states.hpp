// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings.hpp"

#include <carousel/network.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// States as Python gives and takes them.
namespace carousel::python {

/// How a network's states look from Python.
enum class StateForm : std::uint8_t {
  none,     ///< It has none.
  h,        ///< PyTorch's h_n of nn.GRU and nn.RNN: one array.
  h_and_c,  ///< PyTorch's (h_n, c_n) of nn.LSTM.
  named,    ///< A dict by names such as "lstm.l0:h": layers differ in size, or have other states.
};

struct States {
  StateForm form = StateForm::none;
  std::vector<std::string> names;  ///< "lstm.l0:h", in the order of `Stream::states`.
};
[[nodiscard]] States states_of(const Network& network);

/// The states of one stream: views that stay valid as long as the stream does.
struct StreamStates {
  const States* about = nullptr;
  StateView pytorch{};  ///< For the forms `h` and `h_and_c`.
  std::span<const NamedState> named{};
};
/// Both must outlive it.
[[nodiscard]] StreamStates states_in(const States& about, Stream& stream);

/// As Python sees them. `batched`: arrays have an axis of rows, [layers * directions, batch, size]
/// or by names [batch, size].
[[nodiscard]] py::object copy_of_states(const StreamStates& states, bool batched);
/// What is not in a dict keeps its value.
void set_states(const StreamStates& states, py::handle given, bool batched);

/// By names, [batch, size] each, or without rows [size].
[[nodiscard]] py::dict named_copies(const StreamStates& states, bool batched);
void set_named(const StreamStates& states, const py::dict& given, bool batched);

/// Arrays that show the state in place and keep `owner` alive.
[[nodiscard]] py::dict named_views(const StreamStates& states, const py::object& owner);
[[nodiscard]] py::object pytorch_views(const StreamStates& states, const py::object& owner);

}  // namespace carousel::python
