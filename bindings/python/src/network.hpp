// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings.hpp"
#include "model.hpp"
#include "states.hpp"
#include "stream_pool.hpp"

#include <carousel/network.hpp>

#include <cstddef>
#include <memory>

namespace carousel::python {

/// A network as Python has it.
struct PythonNetwork {
  Network network;
  Order order = Order::steps_first;
  States states{};
  std::size_t main_output = 0;  ///< The output of a call.
  StreamPool pool{};            ///< For calls that carry no state.

  PythonNetwork(const PythonModel& model, Network prepared);
};

/// A stream as Python has it.
struct PythonStream {
  std::shared_ptr<PythonNetwork> network;
  Stream stream;
  std::int64_t batch = 1;
  StreamStates states{};
  bool busy = false;  ///< Changed while Python's lock is held, which is all the locking.
};

/// Holds a stream during a run, which lets go of Python's lock. Throws Error for a second one.
class BusyStream {
 public:
  explicit BusyStream(PythonStream& stream);
  BusyStream(const BusyStream&) = delete;
  BusyStream& operator=(const BusyStream&) = delete;
  ~BusyStream() { stream_.busy = false; }

 private:
  PythonStream& stream_;
};

/// network(x, lengths=None, state=None) -> (y, state): from the initial state or the given one.
[[nodiscard]] py::tuple call_network(PythonNetwork& self, py::handle x, py::handle lengths,
                                     py::handle state);
/// stream(x, lengths=None, out=None) -> y: from the state that the stream is in.
[[nodiscard]] py::object call_stream(PythonStream& self, py::handle x, py::handle lengths,
                                     py::handle out);

}  // namespace carousel::python
