// SPDX-License-Identifier: Apache-2.0
// A library that an application loads: it runs a network with two threads.
#include "small_network.hpp"

/// Returns whether two runs gave the same numbers.
extern "C" __attribute__((visibility("default"))) int run_twice(const char* backend) {
  using namespace carousel::process_test;
  const carousel::Network shared = network(backend, 2);
  carousel::Stream one = stream(shared);
  return run(one) == run(one) ? 1 : 0;
}
