// SPDX-License-Identifier: Apache-2.0
// A caller of a real-time policy that shares its only core with its helpers, which have none.
#include "process/child.hpp"
#include "process/small_network.hpp"
#include "support/every_backend.hpp"

#include <gtest/gtest.h>

#include <sched.h>

namespace carousel::process_test {
namespace {

#if !defined(CAROUSEL_TEST_WITHOUT_FORK)

/// Leaves this thread one core and gives it a real-time policy; false where that is not permitted.
bool become_realtime() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
  sched_param priority{};
  priority.sched_priority = 1;
  return sched_setaffinity(0, sizeof one, &one) == 0 &&
         sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
}

TEST(Realtime, HelpersOfNoPriorityOnTheSameCoreAreNotStarved) {
  if (!succeeds_in_child(become_realtime)) GTEST_SKIP() << "no right to a real-time policy";
  EXPECT_TRUE(succeeds_in_child([] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
    sched_setaffinity(0, sizeof one, &one);
    Stream shared = stream(network("xsimd", 2));  // starts the helper, on this core
    const std::vector<float> expected = run(shared);
    if (!become_realtime()) return false;
    for (int i = 0; i < 20; ++i) {
      if (run(shared) != expected) return false;
    }
    return true;
  }));
}

#endif

}  // namespace
}  // namespace carousel::process_test
