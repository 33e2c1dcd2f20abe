// SPDX-License-Identifier: Apache-2.0
#include "core/engine/timed_network.hpp"
#include "core/planning/time_probes.hpp"
#include "support/every_backend.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace carousel::testing_support {
namespace {

constexpr std::int64_t kSteps = 7;

/// A network of two layers, of which the second one has hardly anything to do.
Model unequal_model() {
  Model model;
  for (const DenseSpec& spec : {DenseSpec{256, 512}, DenseSpec{512, 1}}) {
    model.layers.push_back({.spec = spec, .weights = planning::constant_weights(spec)});
  }
  return model;
}

std::vector<float> run(const Network& network, std::int64_t max_steps) {
  Stream stream = network.stream({.batch = 1, .max_steps = max_steps});
  const std::vector<float> x(static_cast<std::size_t>(kSteps * network.input_size()), 0.5F);
  std::vector<float> y(static_cast<std::size_t>(kSteps * network.output_size()));
  const Status status = stream.run(unbatched(x.data(), kSteps, network.input_size()),
                                   unbatched(y.data(), kSteps, network.output_size()));
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  return y;
}

TEST(TimedNetwork, TellsWhatEachLayerTookAndChangesNothing) {
  const Model model = unequal_model();
  for (const std::string& backend : runnable_ids()) {
    const PrepareOptions options{.backend = backend};
    const TimedNetwork timed = prepare_timed(model, options);
    ASSERT_EQ(timed.times->size(), 2U);
    EXPECT_EQ((*timed.times)[0].calls, 0);
    EXPECT_EQ(run(timed.network, 3), run(prepare(model, options), 3)) << backend;
    const std::vector<LayerTime>& times = *timed.times;
    EXPECT_EQ(times[0].calls, 3) << "of 3, 3 and 1 steps";
    EXPECT_EQ(times[1].calls, 3);
    EXPECT_GT(times[1].seconds, 0);
    EXPECT_EQ(timed.network.memory_bytes(), prepare(model, options).memory_bytes());
    EXPECT_EQ(timed.network.layers()[0].backend, backend);
  }
}

TEST(TimedNetwork, GivesTheTimeToTheLayerThatTookIt) {
  const TimedNetwork timed = prepare_timed(unequal_model(), {.backend = "scalar"});
  for (int i = 0; i < 20; ++i) (void)run(timed.network, kSteps);
  EXPECT_GT((*timed.times)[0].seconds, (*timed.times)[1].seconds);
}

}  // namespace
}  // namespace carousel::testing_support
