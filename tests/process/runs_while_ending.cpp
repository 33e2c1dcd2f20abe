// SPDX-License-Identifier: Apache-2.0
// Runs streams while the process ends: in the destructor of a static object that is older than all
// that Carousel keeps, and in that of a thread-local one, on every backend and with two threads.
// oneDNN, whose own static objects are gone by then, has to refuse in the former.
#include "small_network.hpp"

#include <carousel/backend.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace carousel;

/// A stream of a network, and what it is to compute.
struct Expected {
  Network network;
  Stream stream;
  std::vector<float> y;
};

void fail(const std::string& what) {
  std::fprintf(stderr, "runs_while_ending: %s\n", what.c_str());
  std::_Exit(1);
}

std::string text_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

/// Whether the network refuses to make streams, and the stream to run, because the process ends.
bool refuses(Expected& one) {
  const auto says_why = [](const std::string& text) {
    return text.find("the process is ending") != std::string::npos;
  };
  return says_why(text_of([&] { (void)process_test::run(one.stream); })) &&
         says_why(text_of([&] { (void)process_test::stream(one.network); }));
}

/// Runs all streams again when it is destroyed.
class RunsAtItsEnd {
 public:
  explicit RunsAtItsEnd(bool outlives_onednn) : outlives_onednn_(outlives_onednn) {}
  RunsAtItsEnd(const RunsAtItsEnd&) = delete;
  RunsAtItsEnd& operator=(const RunsAtItsEnd&) = delete;
  ~RunsAtItsEnd() {
    for (Expected& one : all_) {
      const std::string backend(one.network.layers().front().backend);
      if (outlives_onednn_ && backend.starts_with("onednn")) {
        if (!refuses(one)) fail(backend + " does not refuse to run at the end");
      } else if (process_test::run(one.stream) != one.y) {
        fail(backend + " computes other numbers at the end");
      }
    }
  }

  void add(const Network& network) {
    Stream stream = process_test::stream(network);
    std::vector<float> y = process_test::run(stream);
    all_.push_back({network, std::move(stream), std::move(y)});
  }

 private:
  bool outlives_onednn_;
  std::vector<Expected> all_;
};

RunsAtItsEnd at_end_of_process(true);

void add_all(RunsAtItsEnd& to, const std::vector<Network>& networks) {
  for (const Network& network : networks) to.add(network);
}

void run_in_thread(const std::vector<Network>& networks) {
  thread_local RunsAtItsEnd at_end_of_thread(false);
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
