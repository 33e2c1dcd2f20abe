// SPDX-License-Identifier: Apache-2.0
// The first run of a stream does what the others do: threads and machine code are made before.
#include "process/small_network.hpp"
#include "support/every_backend.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace carousel::process_test {
namespace {

using testing_support::id_as_test_name;
using testing_support::runnable_ids;

class FirstRun : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, FirstRun, testing::ValuesIn(runnable_ids()), id_as_test_name);

std::int64_t threads_of_this_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

/// Memory that may be executed.
std::uint64_t executable_bytes() {
  std::ifstream maps("/proc/self/maps");
  std::uint64_t bytes = 0;
  for (std::string line; std::getline(maps, line);) {
    const std::size_t rights = line.find(' ') + 1;
    if (line.at(rights + 2) != 'x') continue;
    std::size_t digits = 0;
    const std::uint64_t first = std::stoull(line, &digits, 16);
    bytes += std::stoull(line.substr(digits + 1), nullptr, 16) - first;
  }
  return bytes;
}

TEST_P(FirstRun, StartsNoThreadAndGeneratesNoCode) {
  for (const Cell cell : {Cell::gru, Cell::lstm, Cell::rnn}) {
    for (const int threads : {1, 2}) {
      const Network prepared = prepare(
          small_model(cell), {.backend = GetParam(), .threads = threads, .exact_threads = true});
      Stream fresh = stream(prepared);
      const std::int64_t threads_before = threads_of_this_process();
      const std::uint64_t code_before = executable_bytes();
      (void)run(fresh);
      EXPECT_EQ(threads_of_this_process(), threads_before) << threads;
      EXPECT_EQ(executable_bytes(), code_before) << threads;
    }
  }
}

}  // namespace
}  // namespace carousel::process_test
