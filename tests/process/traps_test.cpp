// SPDX-License-Identifier: Apache-2.0
// Applications that unmask floating point traps, and that look at the sticky flags.
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <gtest/gtest.h>

#include <cfenv>

namespace carousel::process_test {
namespace {

using namespace testing_support;

class Traps : public testing::TestWithParam<std::string> {
 protected:
  void TearDown() override {
    fedisableexcept(FE_ALL_EXCEPT);
    std::feclearexcept(FE_ALL_EXCEPT);
  }

  /// Networks that overflow, underflow and meet NaN.
  static std::vector<Case> cases() {
    std::vector<Case> list;
    for (const Cell cell : {Cell::lstm, Cell::gru, Cell::rnn, Cell::slstm}) {
      for (const auto inputs :
           {conformance::Inputs::large, conformance::Inputs::huge, conformance::Inputs::denormal,
            conformance::Inputs::nan_in_a_row, conformance::Inputs::inf_in_a_row}) {
        list.push_back({.input = 9, .hidden = 40, .inputs = inputs, .cell = cell});
      }
    }
    return list;
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, Traps, testing::ValuesIn(runnable_ids()), id_as_test_name);

TEST_P(Traps, RunsRaiseNothingAndLeaveFlagsAlone) {
  for (const Case& spec : cases()) {
    if (!runs(GetParam(), spec)) continue;
    for (const int threads : {1, 2}) {
      const Problem problem = sample(spec);
      const Network network = prepare(
          problem.model, {.backend = GetParam(), .threads = threads, .exact_threads = true});
      Stream stream = network.stream({.batch = spec.batch, .max_steps = spec.steps});
      std::vector<float> y(
          static_cast<std::size_t>(spec.steps * spec.batch * network.output_size()));
      const auto x = steps_first<const float>(problem.x.data(), spec.steps, spec.batch, spec.input);
      std::feclearexcept(FE_ALL_EXCEPT);
      feenableexcept(FE_ALL_EXCEPT);
      const Status status =
          stream.run(x, steps_first(y.data(), spec.steps, spec.batch, network.output_size()));
      const int flags = std::fetestexcept(FE_ALL_EXCEPT);
      const int enabled = fegetexcept();
      fedisableexcept(FE_ALL_EXCEPT);
      EXPECT_TRUE(status);
      EXPECT_EQ(flags, 0) << spec.name();
      EXPECT_EQ(enabled, FE_ALL_EXCEPT);
    }
  }
}

}  // namespace
}  // namespace carousel::process_test
