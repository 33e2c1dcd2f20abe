// SPDX-License-Identifier: Apache-2.0
// Denormals are flushed while run works, and the caller's floating point environment comes back.
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace carousel::testing_support {
namespace {

class FloatEnvironment : public testing::TestWithParam<std::string> {
 protected:
  /// Runs something with denormal inputs, and a run that is refused.
  void run_both_ways(int threads) const {
    const Problem problem =
        sample({.input = 8, .hidden = 40, .inputs = conformance::Inputs::denormal});
    const Network network =
        prepare(problem.model, {.backend = GetParam(), .threads = threads, .exact_threads = true});
    Stream stream = network.stream({.batch = 3, .max_steps = 5});
    (void)run_dense(stream, problem.x, 5, 3, network);
    (void)stream.run(SequenceView<const float>{}, SequenceView<float>{});
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, FloatEnvironment, testing::ValuesIn(runnable_ids()),
                         id_as_test_name);

TEST_P(FloatEnvironment, RoundingModeComesBack) {
  for (const int mode : {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    run_both_ways(1);
    EXPECT_EQ(std::fegetround(), mode);
  }
  std::fesetround(FE_TONEAREST);
}

#if defined(__x86_64__)
constexpr unsigned kFlushToZero = 0x8000;
constexpr unsigned kDenormalsAreZero = 0x0040;

TEST_P(FloatEnvironment, FlushingComesBackAsItWas) {
  const unsigned before = _mm_getcsr();
  for (const unsigned flags :
       {0U, kFlushToZero, kDenormalsAreZero, kFlushToZero | kDenormalsAreZero}) {
    const unsigned set = (before & ~(kFlushToZero | kDenormalsAreZero)) | flags;
    for (const int threads : {1, 2}) {
      _mm_setcsr(set);
      run_both_ways(threads);
      EXPECT_EQ(_mm_getcsr() & ~0x3FU, set & ~0x3FU);  // all but the sticky exception flags
    }
  }
  _mm_setcsr(before);
}
#endif

/// A state that decays through the denormals ends at zero: there is nothing to slow down on.
TEST_P(FloatEnvironment, DecayingStatesBecomeZero) {
  Model model = sample({.input = 1, .hidden = 16, .bias = true}).model;
  for (auto& [role, weight] : model.layers[0].weights) std::ranges::fill(weight.floats(), 0.0F);
  const Network network = prepare(model, {.backend = GetParam()});
  Stream stream = network.stream({.batch = 1, .max_steps = 200});
  std::ranges::fill_n(stream.state().c.data, 16, 1.0F);  // halves with every step: f = 1/2
  const Answer answer = run_dense(stream, std::vector<float>(200, 0.0F), 200, 1, network);
  for (const float value : answer.y) EXPECT_NE(std::fpclassify(value), FP_SUBNORMAL);
  for (const float value : answer.states[1]) EXPECT_EQ(value, 0.0F);
  EXPECT_GT(answer.y.front(), 0.1F);
}

}  // namespace
}  // namespace carousel::testing_support
