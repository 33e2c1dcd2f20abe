// SPDX-License-Identifier: Apache-2.0
// Calls with one sequence, as PyTorch's modules take and give it.
#include "arrays.hpp"
#include "errors.hpp"
#include "network.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace carousel::python {
namespace {

GivenSequence read_x(const PythonNetwork& self, py::handle x) {
  if (self.order == Order::other) {
    refuse(
        "the model's file has axes in an order of its own (see `inputs`): use `run`, which takes "
        "arrays as the file has them");
  }
  const bool ids = self.network.takes_ids();
  return given_sequence(x, {.name = "x",
                            .features = ids ? 1 : self.network.input_size(),
                            .ids = ids,
                            .batch_first = self.order == Order::batch_first});
}

ResultForm result_form(const PythonNetwork& self, const GivenSequence& x) {
  return {.steps = self.network.output_steps(x.steps(), self.main_output),
          .batch = x.batch(),
          .features = self.network.output_size(),
          .batch_first = self.order == Order::batch_first,
          .batched = x.batched};
}

/// Without Python's lock.
Status run(Stream& stream, const GivenSequence& x, SequenceView<float> y,
           std::span<const std::int64_t> lengths) {
  const py::gil_scoped_release release;
  return x.ids.data == nullptr ? stream.run(x.x, y, lengths) : stream.run_ids(x.ids, y, lengths);
}

}  // namespace

BusyStream::BusyStream(PythonStream& stream) : stream_(stream) {
  if (stream.busy) refuse("this stream is running in another thread; make one for each thread");
  stream.busy = true;
}

py::tuple call_network(PythonNetwork& self, py::handle x, py::handle lengths, py::handle state) {
  const GivenSequence given = read_x(self, x);
  const std::vector<std::int64_t> real_steps = given_lengths(lengths);
  const ResultForm form = result_form(self, given);
  py::array_t<float> y = new_result(form);
  const StreamPool::Lease lease =
      self.pool.take(self.network, self.states, given.batch(), given.steps());
  set_states(lease.states(), state, given.batched);
  require(run(lease.stream(), given, result_view(y, form), real_steps));
  return py::make_tuple(std::move(y), copy_of_states(lease.states(), given.batched));
}

py::object call_stream(PythonStream& self, py::handle x, py::handle lengths, py::handle out) {
  const BusyStream busy(self);
  const GivenSequence given = read_x(*self.network, x);
  if (given.batch() != self.batch) {
    refuse("x: has " + std::to_string(given.batch()) + " rows; this stream was made for " +
           std::to_string(self.batch));
  }
  const std::vector<std::int64_t> real_steps = given_lengths(lengths);
  const ResultForm form = result_form(*self.network, given);
  if (out.is_none()) {
    py::array_t<float> y = new_result(form);
    require(run(self.stream, given, result_view(y, form), real_steps));
    return y;
  }
  if (!py::isinstance<py::array>(out)) refuse("out: expected a NumPy array");
  auto y = py::reinterpret_borrow<py::array>(out);
  require(run(self.stream, given, result_view(y, form, given.owner), real_steps));
  return y;
}

}  // namespace carousel::python
