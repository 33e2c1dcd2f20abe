// SPDX-License-Identifier: Apache-2.0
// What a network of the C interface tells of itself.
#include "c_api/handles.hpp"
#include "unit/sample.hpp"

#include <variant>

namespace carousel::c_api_test {
namespace {

using conformance::Problem;

TEST(CApiNetwork, MeasuresAndTellsHowFarItIs) {
  const Problem problem = testing_support::sample({.input = 5, .hidden = 9});
  struct Told {
    double done = 0;
    std::string report;
  } told;
  auto options = sized<carousel_prepare_options>();
  options.plan = CAROUSEL_PLAN_MEASURE;
  options.seconds_per_layer = 0.001;
  options.cross_check = true;
  options.wisdom = "/dev/null/not a folder";
  options.progress = [](void* to, double done) { static_cast<Told*>(to)->done = done; };
  options.report = [](void* to, const char* text) { static_cast<Told*>(to)->report = text; };
  options.context = &told;
  carousel_network* network = nullptr;
  ASSERT_EQ(carousel_prepare(c_model(problem.model).get(), &options, &network), CAROUSEL_OK)
      << carousel_last_error();
  auto info = sized<carousel_layer_info>();
  ASSERT_EQ(carousel_network_layer(network, 0, &info), CAROUSEL_OK);
  EXPECT_STREQ(info.source, "measured");
  EXPECT_EQ(told.done, 1);
  EXPECT_NE(told.report.find("not kept"), std::string::npos) << told.report;
  carousel_network_free(network);
}

TEST(CApiNetwork, HasPrecisionsAndExceptions) {
  const Problem problem = testing_support::sample({.input = 8, .hidden = 20, .head = 4});
  const std::vector<std::string> names = layer_names(problem.model);
  carousel_layer_precision exception{.layer = names.at(1).c_str(), .precision = CAROUSEL_FLOAT32};
  auto options = sized<carousel_prepare_options>();
  options.backend = "scalar";
  options.precision = CAROUSEL_BFLOAT16;
  options.layer_precisions = &exception;
  options.layer_precision_count = 1;
  const CModel model = c_model(problem.model);
  carousel_network* network = nullptr;
  ASSERT_EQ(carousel_prepare(model.get(), &options, &network), CAROUSEL_OK)
      << carousel_last_error();
  auto info = sized<carousel_layer_info>();
  ASSERT_EQ(carousel_network_layer(network, 0, &info), CAROUSEL_OK);
  EXPECT_EQ(info.precision, CAROUSEL_BFLOAT16);
  ASSERT_EQ(carousel_network_layer(network, 1, &info), CAROUSEL_OK);
  EXPECT_EQ(info.precision, CAROUSEL_FLOAT32);
  carousel_network_free(network);
  exception.layer = nullptr;
  EXPECT_EQ(carousel_prepare(model.get(), &options, &network), CAROUSEL_INVALID_ARGUMENT);
}

TEST(CApiNetwork, TellsWhatCppTells) {
  const Problem problem = testing_support::sample({.input = 8,
                                                   .hidden = 20,
                                                   .proj = 6,
                                                   .layers = 2,
                                                   .direction = Direction::bidirectional,
                                                   .head = 3});
  const CNetwork c = c_prepare(c_model(problem.model).get(), "auto");
  const Network cpp = prepare(problem.model, {.backend = "auto"});
  EXPECT_EQ(carousel_network_input_size(c.get()), cpp.input_size());
  EXPECT_EQ(carousel_network_output_size(c.get()), cpp.output_size());
  EXPECT_EQ(carousel_network_memory_bytes(c.get()), cpp.memory_bytes());
  EXPECT_FALSE(carousel_network_takes_ids(c.get()));
  EXPECT_TRUE(carousel_network_whole_sequence(c.get()));
  ASSERT_EQ(carousel_network_layer_count(c.get()), cpp.layers().size());
  for (std::size_t l = 0; l < cpp.layers().size(); ++l) {
    auto info = sized<carousel_layer_info>();
    ASSERT_EQ(carousel_network_layer(c.get(), l, &info), CAROUSEL_OK);
    const LayerPlan& plan = cpp.layers()[l];
    EXPECT_EQ(info.threads, plan.threads);
    EXPECT_EQ(info.source, name(plan.source));
    EXPECT_EQ(info.reason, plan.reason);
    EXPECT_EQ(info.tiling, plan.tiling);
    EXPECT_EQ(info.backend, plan.backend);
    EXPECT_EQ(info.memory_bytes, plan.memory_bytes);
    EXPECT_EQ(info.name, plan.name);
    const auto* recurrent = std::get_if<RecurrentSpec>(&plan.spec);
    EXPECT_EQ(info.kind, recurrent == nullptr ? CAROUSEL_DENSE : CAROUSEL_LSTM);
    EXPECT_EQ(info.direction, recurrent == nullptr ? 0 : CAROUSEL_BIDIRECTIONAL);
    EXPECT_EQ(info.input_size, input_size(plan.spec));
    EXPECT_EQ(info.hidden_size, recurrent == nullptr ? 0 : 20);
    EXPECT_EQ(info.output_size, output_size(plan.spec));
  }
  ASSERT_EQ(carousel_network_input_count(c.get()), 1U);
  ASSERT_EQ(carousel_network_output_count(c.get()), 1U);
  auto sequence = sized<carousel_sequence_info>();
  ASSERT_EQ(carousel_network_input(c.get(), 0, &sequence), CAROUSEL_OK);
  EXPECT_EQ(sequence.name, cpp.inputs()[0].name);
  EXPECT_EQ(sequence.size, 8);
  EXPECT_FALSE(sequence.ids || sequence.one_step || sequence.optional);
  ASSERT_EQ(sequence.axis_count, 3U);
  EXPECT_EQ(sequence.axes[0].kind, CAROUSEL_AXIS_STEPS);
  EXPECT_EQ(sequence.axes[2].size, 8);
  ASSERT_EQ(carousel_network_output(c.get(), 0, &sequence), CAROUSEL_OK);
  EXPECT_EQ(sequence.name, cpp.outputs()[0].name);
  EXPECT_EQ(sequence.size, 3);
  const CStream stream = c_stream(c.get(), 2, 5);
  EXPECT_EQ(carousel_stream_memory_bytes(stream.get()),
            cpp.stream({.batch = 2, .max_steps = 5}).memory_bytes());
}

}  // namespace
}  // namespace carousel::c_api_test
