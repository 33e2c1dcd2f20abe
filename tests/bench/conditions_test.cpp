// SPDX-License-Identifier: Apache-2.0
#include <suite.hpp>

#include <gtest/gtest.h>

namespace carousel::bench {
namespace {

/// The state after so many round trips.
CoreState state_after(const std::vector<double>& nanoseconds) {
  auto next = nanoseconds.begin();
  CoreState state([&] { return *next++; });
  for (std::size_t i = 0; i < nanoseconds.size(); ++i) EXPECT_EQ(state.measure(), nanoseconds[i]);
  return state;
}

TEST(CoreState, NearCoresAreHealthyUpToTheUsualOfOneChip) {
  const CoreState state = state_after({40, 45, 400, 38});
  EXPECT_TRUE(state.healthy(100));
  EXPECT_FALSE(state.healthy(120));
  EXPECT_FALSE(state.healthy(400));
}

TEST(CoreState, FarCoresAreComparedWithWhatIsUsualHere) {
  const CoreState state = state_after({140, 150, 139, 145, 52, 141, 150, 140});
  EXPECT_TRUE(state.healthy(158)) << "one that was near for once does not make this slow";
  EXPECT_FALSE(state.healthy(400));
}

}  // namespace
}  // namespace carousel::bench
