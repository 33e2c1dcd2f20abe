// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

#include "direct_call.hpp"
#include "named_run.hpp"
#include "plans.hpp"

#include <algorithm>
#include <pybind11/stl.h>
#include <string>
#include <utility>
#include <vector>

namespace carousel::python {
namespace {

using namespace py::literals;

std::shared_ptr<PythonNetwork> prepare_model(const PythonModel& model, const py::kwargs& given) {
  const PrepareOptions options = prepare_options(given);
  Network network = [&] {
    const py::gil_scoped_release release;
    return prepare(*model.model, options);
  }();
  return std::make_shared<PythonNetwork>(model, std::move(network));
}

py::list explain_model(const PythonModel& model, const py::kwargs& given) {
  const PrepareOptions options = prepare_options(given);
  const std::vector<LayerPlan> plans = [&] {
    const py::gil_scoped_release release;
    return explain(*model.model, options);
  }();
  return plans_of(plans);
}

/// network.run(inputs, lengths=None, states=None) -> (outputs, states), all by name.
py::tuple run(PythonNetwork& self, const py::dict& inputs, py::handle lengths, py::handle states) {
  const NamedArrays arrays(self.network.inputs(), inputs, Axes::of_file);
  const StreamPool::Lease lease =
      self.pool.take(self.network, self.states, arrays.size().batch, arrays.size().steps);
  if (!states.is_none()) {
    set_named(lease.states(), py::reinterpret_borrow<py::dict>(states), true);
  }
  py::dict outputs = run_named(self.network, lease.stream(), arrays, given_lengths(lengths));
  return py::make_tuple(std::move(outputs), named_copies(lease.states(), true));
}

std::shared_ptr<PythonStream> make_stream(const std::shared_ptr<PythonNetwork>& self,
                                          std::int64_t batch, std::int64_t max_steps) {
  Stream stream = self->network.stream({.batch = batch, .max_steps = max_steps});
  auto made = std::make_shared<PythonStream>(PythonStream{self, std::move(stream), batch});
  made->states = states_in(self->states, made->stream);
  return made;
}

py::list inputs_of(const PythonNetwork& self) {
  py::list ports;
  for (std::size_t k = 0; k < self.network.inputs().size(); ++k) {
    ports.append(port_of(self.network.inputs()[k], 0, self.network.optional_input(k)));
  }
  return ports;
}

py::list outputs_of(const PythonNetwork& self) {
  py::list ports;
  for (const NetworkOutput& output : self.network.outputs()) {
    ports.append(port_of(output.name, output.size, output.axes));
  }
  return ports;
}

std::string repr_of(const PythonNetwork& self) {
  std::string text = "<carousel.Network";
  for (const LayerPlan& plan : self.network.layers()) {
    text += " " + describe(plan.spec) + " by " + plan.backend + ";";
  }
  text.back() = '>';
  return text;
}

/// The output that is no final state, or the first one.
std::size_t find_main_output(const Model& model) {
  const std::vector<ModelOutput> outputs = model_outputs(model);
  const auto found = std::ranges::find_if(outputs, [](const ModelOutput& output) {
    return output.layer.find(':') == std::string::npos;
  });
  return found == outputs.end() ? 0 : static_cast<std::size_t>(found - outputs.begin());
}

}  // namespace

PythonNetwork::PythonNetwork(const PythonModel& model, Network prepared)
    : network(std::move(prepared)),
      order(model.order()),
      states(states_of(network)),
      main_output(find_main_output(*model.model)) {}

void bind_network(py::module_& module) {
  py::class_<PythonNetwork, std::shared_ptr<PythonNetwork>> type(
      module, "Network",
      "A model packed for this CPU. Immutable: any number of threads may call it and its streams "
      "at the same time.");
  type.def("__call__", call_network, "x"_a, "lengths"_a = py::none(), "state"_a = py::none(),
           "Runs x from the initial state, or from `state`, and returns (y, state), as PyTorch's "
           "modules do.\n\n"
           "x: float32 [steps, batch, input_size], with batch_first [batch, steps, input_size], or "
           "[steps, input_size]; of a network that takes ids integers without the last axis.\n"
           "lengths: integers [batch], how many steps of each row are real; past them a recurrent "
           "layer gives zeros, and the state is that of the last real step (packed sequences).\n"
           "state: (h_0, c_0) of an LSTM, h_0 of a GRU or RNN, [layers * directions, batch, size] "
           "each, without rows [layers * directions, size]; a dict by names where layers differ.\n"
           "y: float32 [steps, batch, output_size], in the order of x.")
      .def("run", run, "inputs"_a, "lengths"_a = py::none(), "states"_a = py::none(),
           "Runs arrays by name, with the axes that the model's file has (see `inputs`), from the "
           "initial state or from `states` (by names such as \"lstm.l0:h\", [batch, size] each). "
           "Returns (outputs, states), both dicts of arrays by name.")
      .def("stream", make_stream, "batch"_a = 1, "max_steps"_a = 64,
           "A stream in the initial state for so many rows, which carries its state from run to "
           "run. Sequences are worked off in pieces of max_steps; a network that needs the whole "
           "sequence takes at most so many at once.")
      .def_property_readonly("inputs", inputs_of, "What a run is given, as `Port`s.")
      .def_property_readonly("outputs", outputs_of, "What a run gives, as `Port`s.")
      .def_property_readonly(
          "layers", [](const PythonNetwork& self) { return plans_of(self.network.layers()); },
          "How each layer is executed, as `LayerPlan`s.")
      .def_property_readonly(
          "state_names", [](const PythonNetwork& self) { return self.states.names; },
          "The names of all states, such as \"lstm.l0:h\".")
      .def_property_readonly("batch_first",
                             [](const PythonNetwork& self) -> std::optional<bool> {
                               if (self.order == Order::other) return std::nullopt;
                               return self.order == Order::batch_first;
                             })
      .def_property_readonly("takes_ids",
                             [](const PythonNetwork& self) { return self.network.takes_ids(); })
      .def_property_readonly(
          "whole_sequence", [](const PythonNetwork& self) { return self.network.whole_sequence(); },
          "Whether a run needs the whole sequence, so that a stream takes at most max_steps.")
      .def_property_readonly("input_size",
                             [](const PythonNetwork& self) { return self.network.input_size(); })
      .def_property_readonly("output_size",
                             [](const PythonNetwork& self) { return self.network.output_size(); })
      .def_property_readonly(
          "memory_bytes", [](const PythonNetwork& self) { return self.network.memory_bytes(); },
          "Bytes of packed weights.")
      .def(
          "output_steps",
          [](const PythonNetwork& self, std::int64_t steps, std::size_t output) {
            return self.network.output_steps(steps, output);
          },
          "steps"_a, "output"_a = 0, "How many steps come out of so many.")
      .def("__repr__", repr_of);
  DirectCall<PythonNetwork, call_network>::install(type, "lengths", "state");

  module.def("prepare", prepare_model, "model"_a);
  module.def("explain", explain_model, "model"_a);
}

}  // namespace carousel::python
