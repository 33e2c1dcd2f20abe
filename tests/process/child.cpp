// SPDX-License-Identifier: Apache-2.0
#include "process/child.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace carousel::process_test {
namespace {

bool is_child = false;

/// Whether every thread of this process but the current one sleeps, as proc(5) says of it.
[[maybe_unused]] bool other_threads_sleep() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == std::to_string(gettid())) continue;
    std::string name_and_state;
    std::getline(std::ifstream(task.path() / "stat"), name_and_state);
    const std::size_t end_of_name = name_and_state.rfind(") ");
    if (end_of_name != std::string::npos && name_and_state[end_of_name + 2] != 'S') return false;
  }
  return true;
}

}  // namespace

void prepare_to_fork() {
#if defined(CAROUSEL_TEST_ASAN)
  for (int times = 0; times < 2; times = other_threads_sleep() ? times + 1 : 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
#endif
}

void become_child() {
  is_child = true;
  alarm(kMostSeconds);
}

}  // namespace carousel::process_test

/// Asked by LeakSanitizer, which has to see it, before it looks for leaks: what the threads of the
/// parent own is nobody's in a child.
extern "C" [[gnu::visibility("default")]] int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return carousel::process_test::is_child ? 1 : 0; }
