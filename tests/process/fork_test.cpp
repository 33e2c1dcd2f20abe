// SPDX-License-Identifier: Apache-2.0
// Processes that fork after and while they use networks.
#include "process/child.hpp"
#include "process/small_network.hpp"
#include "support/every_backend.hpp"

#include <carousel/compare.hpp>

#include <gtest/gtest.h>

#include <sched.h>

#include <atomic>
#include <filesystem>
#include <thread>

namespace carousel::process_test {
namespace {

#if !defined(CAROUSEL_TEST_WITHOUT_FORK)

using testing_support::id_as_test_name;
using testing_support::runnable_ids;

class Fork : public testing::TestWithParam<std::string> {
 protected:
  /// The same numbers, or for oneDNN, whose sums depend on the threads, nearly the same.
  static bool agrees(const std::vector<float>& actual, const std::vector<float>& expected) {
    const double tolerance = GetParam().starts_with("onednn") ? 1e-5 : 0.0;
    return compare(actual, expected, tolerance).ok;
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, Fork, testing::ValuesIn(runnable_ids()), id_as_test_name);

TEST_P(Fork, ChildrenRunNetworksAndStreamsOfTheirParent) {
  for (const int threads : {1, 2, 3}) {
    for (const bool exact_threads : {false, true}) {
      const Network of_parent = network(GetParam(), threads, exact_threads);
      Stream used = stream(of_parent);
      const std::vector<float> expected = run(used);
      EXPECT_TRUE(succeeds_in_child([&] {
        Stream own = stream(of_parent);
        return agrees(run(used), expected) && agrees(run(own), expected) &&
               succeeds_in_child([&] { return agrees(run(own), expected); }) &&
               agrees(run(own), expected);
      })) << threads
          << " threads, exact: " << exact_threads;
      EXPECT_TRUE(agrees(run(used), expected));
    }
  }
}

TEST_P(Fork, ChildrenPrepareNetworks) {
  Stream used = stream(network(GetParam(), 2));
  const std::vector<float> expected = run(used);
  EXPECT_TRUE(succeeds_in_child([&] {
    Stream own = stream(network(GetParam(), 2));
    return agrees(run(own), expected);
  }));
}

TEST_P(Fork, ThreadsOfAChildRunNetworks) {
  const Network of_parent = network(GetParam(), 2);
  Stream used = stream(of_parent);
  const std::vector<float> expected = run(used);
  EXPECT_TRUE(succeeds_in_child([&] {
    bool ok = false;
    std::thread([&] {
      Stream own = stream(of_parent);
      ok = agrees(run(own), expected);
    }).join();
    return ok;
  }));
}

TEST_P(Fork, OtherThreadsMayRunMeanwhile) {
#if defined(CAROUSEL_TEST_ASAN)
  GTEST_SKIP() << "a child may have AddressSanitizer's locks as another thread left them";
#endif
  const Network of_parent = network(GetParam(), 2);
  Stream used = stream(of_parent);
  const std::vector<float> expected = run(used);
  std::atomic<bool> done{false};
  std::thread other([&] {
    Stream own = stream(of_parent);
    while (!done) EXPECT_TRUE(agrees(run(own), expected));
  });
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(succeeds_in_child([&] {
      Stream own = stream(of_parent);
      return agrees(run(own), expected);
    }));
  }
  done = true;
  other.join();
}

/// Whether each thread of this process may run on as many cores as this one.
bool threads_may_use_all_cores() {
  cpu_set_t all{};
  sched_getaffinity(0, sizeof all, &all);
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    cpu_set_t of_task{};
    sched_getaffinity(std::stoi(task.path().filename()), sizeof of_task, &of_task);
    if (CPU_COUNT(&of_task) != CPU_COUNT(&all)) return false;
  }
  return true;
}

/// A helper that is woken up is kept from the core of whoever wakes it, until it runs.
TEST_P(Fork, ChildrenLeaveTheThreadsOfTheirParentAlone) {
  Stream used = stream(network(GetParam(), 2, false));
  (void)run(used);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // helpers sleep now
  ASSERT_TRUE(threads_may_use_all_cores());
  EXPECT_TRUE(succeeds_in_child([&] {
    (void)run(used);
    return true;
  }));
  EXPECT_TRUE(threads_may_use_all_cores());
}

#endif

}  // namespace
}  // namespace carousel::process_test
