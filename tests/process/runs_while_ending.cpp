// SPDX-License-Identifier: Apache-2.0
// Runs streams while the process ends: in the destructor of a static object that is older than all
// that Carousel keeps, and in that of a thread-local one, on every backend and with two threads.
#include "small_network.hpp"

#include <carousel/backend.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace carousel;

/// A stream, and what it is to compute.
struct Expected {
  Stream stream;
  std::vector<float> y;
};

/// Runs all streams again when it is destroyed.
class RunsAtItsEnd {
 public:
  RunsAtItsEnd() = default;
  RunsAtItsEnd(const RunsAtItsEnd&) = delete;
  RunsAtItsEnd& operator=(const RunsAtItsEnd&) = delete;
  ~RunsAtItsEnd() {
    for (Expected& one : all_) {
      if (process_test::run(one.stream) == one.y) continue;
      std::fputs("a run at the end computes other numbers\n", stderr);
      std::_Exit(1);
    }
  }

  void add(const Network& network) {
    Stream stream = process_test::stream(network);
    std::vector<float> y = process_test::run(stream);
    all_.push_back({std::move(stream), std::move(y)});
  }

 private:
  std::vector<Expected> all_;
};

RunsAtItsEnd at_end_of_process;

void add_all(RunsAtItsEnd& to, const std::vector<Network>& networks) {
  for (const Network& network : networks) to.add(network);
}

void run_in_thread(const std::vector<Network>& networks) {
  thread_local RunsAtItsEnd at_end_of_thread;
  add_all(at_end_of_thread, networks);
}

}  // namespace

int main() {
  std::vector<Network> networks;
  for (const Backend* backend : select_backends("auto")) {
    networks.push_back(process_test::network(backend->id(), 2));
  }
  add_all(at_end_of_process, networks);
  std::thread(run_in_thread, networks).join();
  return 0;
}
