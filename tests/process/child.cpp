// SPDX-License-Identifier: Apache-2.0
#include "process/child.hpp"

#include <unistd.h>

#include <cstdlib>

namespace carousel::process_test {
namespace {

bool is_child = false;

}  // namespace

void become_child() {
  is_child = true;
  alarm(kMostSeconds);
}

}  // namespace carousel::process_test

/// Asked by LeakSanitizer, which has to see it, before it looks for leaks: what the threads of the
/// parent own is nobody's in a child.
extern "C" [[gnu::visibility("default")]] int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return carousel::process_test::is_child ? 1 : 0; }
