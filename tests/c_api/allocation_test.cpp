// SPDX-License-Identifier: Apache-2.0
// A run through the C interface allocates no more than one through C++: nothing, even if refused.
#include "c_api/handles.hpp"
#include "support/every_backend.hpp"
#include "unit/allocation_hooks.hpp"
#include "unit/sample.hpp"

namespace carousel::c_api_test {
namespace {

class CApiAllocation : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, CApiAllocation,
                         testing::ValuesIn(testing_support::deterministic_ids()),
                         testing_support::id_as_test_name);

TEST_P(CApiAllocation, NoneInARunGoodOrBad) {
  const auto problem = testing_support::sample({.input = 8, .hidden = 24, .layers = 2});
  const CNetwork network = c_prepare(c_model(problem.model).get(), GetParam());
  const CStream stream = c_stream(network.get(), problem.spec.batch, problem.spec.steps);
  std::vector<float> y(1024);
  carousel_status good{};
  carousel_status bad{};
  carousel_status named{};
  carousel_status unnamed{};
  carousel_status overlapping{};
  carousel_status too_long{};
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(problem.spec.batch), 1 << 20);
  auto with_lengths = sized<carousel_run_args>();
  with_lengths.steps = problem.spec.steps;
  with_lengths.x = problem.x.data();
  with_lengths.y = y.data();
  with_lengths.lengths = lengths.data();
  const carousel_named_sequence in{"x", problem.x.data(), nullptr, nullptr, 0, 0};
  const carousel_named_sequence out{"y", nullptr, nullptr, y.data(), 0, 0};
  long allocated = 0;
  {
    const testing_support::AllocationCount count;
    good = carousel_stream_run(stream.get(), problem.spec.steps, problem.x.data(), y.data());
    bad = carousel_stream_run(stream.get(), -1, problem.x.data(), y.data());
    named = carousel_stream_run_named(stream.get(), problem.spec.steps, &in, 1, &out, 1, nullptr);
    unnamed = carousel_stream_run_named(stream.get(), problem.spec.steps, &out, 1, &in, 1, nullptr);
    overlapping = carousel_stream_run(stream.get(), problem.spec.steps, y.data(), y.data());
    too_long = carousel_stream_run_args(stream.get(), &with_lengths);
    carousel_stream_reset(stream.get());
    allocated = count.allocated() + count.released();
  }
  EXPECT_EQ(good, CAROUSEL_OK);
  EXPECT_EQ(bad, CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(named, CAROUSEL_OK);
  EXPECT_EQ(unnamed, CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(overlapping, CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(too_long, CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(std::string(carousel_last_error()).find("run: lengths[0] is 1048576"), 0U);
  EXPECT_EQ(allocated, 0);
}

}  // namespace
}  // namespace carousel::c_api_test
