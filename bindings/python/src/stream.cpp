// SPDX-License-Identifier: Apache-2.0
#include "arrays.hpp"
#include "direct_call.hpp"
#include "errors.hpp"
#include "named_run.hpp"
#include "network.hpp"

#include <string>

namespace carousel::python {
namespace {

using namespace py::literals;

PythonStream& stream_of(const py::object& self) { return self.cast<PythonStream&>(); }

/// stream.run(inputs, lengths=None) -> outputs, by name.
py::dict run(PythonStream& self, const py::dict& inputs, py::handle lengths) {
  const BusyStream busy(self);
  const NamedArrays arrays(self.network->network.inputs(), inputs, Axes::of_file);
  if (arrays.size().batch != self.batch) {
    refuse("the inputs have " + std::to_string(arrays.size().batch) +
           " rows; this stream was made for " + std::to_string(self.batch));
  }
  return run_named(self.network->network, self.stream, arrays, given_lengths(lengths));
}

py::dict named_states(const py::object& self) { return named_views(stream_of(self).states, self); }

py::object state(const py::object& self) { return pytorch_views(stream_of(self).states, self); }

void set_state(PythonStream& self, py::handle given) {
  const BusyStream busy(self);
  if (given.is_none()) return self.stream.reset();
  set_states(self.states, given, true);
}

void reset(PythonStream& self) {
  const BusyStream busy(self);
  self.stream.reset();
}

}  // namespace

void bind_stream(py::module_& module) {
  py::class_<PythonStream, std::shared_ptr<PythonStream>> type(
      module, "Stream",
      "One caller's states and scratch memory, which `Network.stream` makes; one thread at a time. "
      "A run in a second thread while one is running is an error.");
  type.def("__call__", call_stream, "x"_a, "lengths"_a = py::none(), "out"_a = py::none(),
           "Runs x from the present state and returns y; shapes as in a call of the network. The "
           "state moves on. With `out`, a float32 array, y is written into it and it is returned.")
      .def("run", run, "inputs"_a, "lengths"_a = py::none(),
           "Runs arrays by name, with the axes that the model's file has, from the present state. "
           "Returns the outputs, arrays by name.")
      .def("reset", reset, "Back to the initial state.")
      .def_property("state", state, set_state,
                    "(h, c), h, or a dict, as a call of the network gives: arrays that show the "
                    "state in place, to read and to write. Assigning copies; None resets.")
      .def_property_readonly(
          "states", named_states,
          "All states by name, such as \"lstm.l0:h\": float32 [batch, size] that "
          "show the state in place, to read and to write.")
      .def_readonly("batch", &PythonStream::batch, "Rows of every run.")
      .def_property_readonly("memory_bytes",
                             [](const PythonStream& self) { return self.stream.memory_bytes(); });
  DirectCall<PythonStream, call_stream>::install(type, "lengths", "out");
}

}  // namespace carousel::python
