// SPDX-License-Identifier: Apache-2.0
// Runs through the C interface give the bits that the C++ interface gives.
#include "c_api/handles.hpp"
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/compare.hpp>

namespace carousel::c_api_test {
namespace {

using conformance::Case;
using conformance::Problem;
using testing_support::id_as_test_name;
using testing_support::runnable_ids;

std::vector<Case> networks() {
  using conformance::Lengths;
  return {{.input = 7, .hidden = 13, .initial_state = true},
          {.input = 20, .hidden = 40, .proj = 9, .layers = 2, .bias = false, .batch = 2},
          {.input = 8,
           .hidden = 17,
           .layers = 2,
           .direction = Direction::bidirectional,
           .head = 5,
           .batch = 6,
           .steps = 6,
           .lengths = Lengths::random,
           .initial_state = true},
          {.input = 12,
           .hidden = 16,
           .head = 30,
           .vocabulary = 30,
           .batch = 4,
           .lengths = Lengths::sorted}};
}

/// What a run leaves behind.
struct Outcome {
  std::vector<float> y, h, c;
};

void expect_same_bits(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(first_different_bit(a.y, b.y), -1);
  EXPECT_EQ(first_different_bit(a.h, b.h), -1);
  EXPECT_EQ(first_different_bit(a.c, b.c), -1);
}

std::vector<float> outputs(const Problem& p) {
  return std::vector<float>(
      static_cast<std::size_t>(p.spec.steps * p.spec.batch * p.model.output_size()));
}

Outcome run_cpp(const Problem& p, const std::string& backend) {
  const Network network = prepare(p.model, {.backend = backend});
  Stream stream = network.stream({.batch = p.spec.batch, .max_steps = p.spec.steps});
  if (!p.h0.empty()) {
    conformance::assign(stream.state().h, p.h0);
    conformance::assign(stream.state().c, p.c0);
  }
  Outcome out{.y = outputs(p), .h = {}, .c = {}};
  const auto y = steps_first(out.y.data(), p.spec.steps, p.spec.batch, p.model.output_size());
  const Status status =
      p.model.embedding ? stream.run_ids(steps_first<const std::int32_t>(p.ids.data(), p.spec.steps,
                                                                         p.spec.batch, 1),
                                         y, p.lengths)
                        : stream.run(steps_first<const float>(p.x.data(), p.spec.steps,
                                                              p.spec.batch, p.model.input_size()),
                                     y, p.lengths);
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  out.h = conformance::dense(stream.state().h);
  out.c = conformance::dense(stream.state().c);
  return out;
}

std::vector<float> copy(const float* values, std::int64_t count) {
  return values == nullptr ? std::vector<float>() : std::vector<float>(values, values + count);
}

carousel_run_args arguments(const Problem& p, std::vector<float>& y) {
  auto args = sized<carousel_run_args>();
  args.steps = p.spec.steps;
  args.x = p.model.embedding ? nullptr : p.x.data();
  args.ids = p.model.embedding ? p.ids.data() : nullptr;
  args.y = y.data();
  args.lengths = p.lengths.empty() ? nullptr : p.lengths.data();
  return args;
}

Outcome run_c(const Problem& p, const std::string& backend) {
  const CNetwork network = c_prepare(c_model(p.model).get(), backend);
  const CStream stream = c_stream(network.get(), p.spec.batch, p.spec.steps);
  auto state = sized<carousel_state>();
  EXPECT_EQ(carousel_stream_state(stream.get(), &state), CAROUSEL_OK);
  EXPECT_EQ(state.struct_size, sizeof state);
  if (!p.h0.empty()) {
    std::ranges::copy(p.h0, state.h);
    std::ranges::copy(p.c0, state.c);
  }
  Outcome out{.y = outputs(p), .h = {}, .c = {}};
  const carousel_run_args args = arguments(p, out.y);
  EXPECT_EQ(carousel_stream_run_args(stream.get(), &args), CAROUSEL_OK) << carousel_last_error();
  out.h = copy(state.h, state.count * state.batch * state.h_size);
  out.c = copy(state.c, state.count * state.batch * state.c_size);
  return out;
}

class CApiRun : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, CApiRun, testing::ValuesIn(runnable_ids()), id_as_test_name);

TEST_P(CApiRun, SameBitsAsCpp) {
  for (const Case& spec : networks()) {
    SCOPED_TRACE(spec.name());
    const Problem problem = testing_support::sample(spec);
    const Outcome cpp = run_cpp(problem, GetParam());
    ASSERT_FALSE(cpp.y.empty() || cpp.h.empty());
    expect_same_bits(run_c(problem, GetParam()), cpp);
  }
}

TEST_P(CApiRun, LearnedStatesAndTheTailArrive) {
  Problem problem = testing_support::sample({.input = 5, .hidden = 9, .batch = 2, .steps = 4});
  problem.h0.clear();  // what the stream starts with
  const Outcome without = run_cpp(problem, GetParam());
  problem.model.layers[0].directions[0].initial_h.assign(9, 0.5F);
  problem.model.layers[0].directions[0].initial_c.assign(9, -0.25F);
  problem.model.tail = Tail::softmax;
  const Outcome cpp = run_cpp(problem, GetParam());
  EXPECT_GE(first_different_bit(cpp.c, without.c), 0);
  expect_same_bits(run_c(problem, GetParam()), cpp);
}

TEST_P(CApiRun, DenseRunsContinueAndResetStartsAfresh) {
  const Problem problem =
      testing_support::sample({.input = 5, .hidden = 9, .batch = 2, .steps = 4});
  const Outcome whole = run_cpp(problem, GetParam());
  const CNetwork network = c_prepare(c_model(problem.model).get(), GetParam());
  const CStream stream = c_stream(network.get(), 2, 1);
  for (int round = 0; round < 2; ++round) {
    std::vector<float> y = outputs(problem);
    for (std::int64_t t = 0; t < 4; ++t) {
      ASSERT_EQ(
          carousel_stream_run(stream.get(), 1, problem.x.data() + t * 2 * 5, y.data() + t * 2 * 9),
          CAROUSEL_OK);
    }
    EXPECT_LT(compare(y, whole.y, 1e-5).max_abs, 1e-5);
    carousel_stream_reset(stream.get());
    auto state = sized<carousel_state>();
    ASSERT_EQ(carousel_stream_layer_state(stream.get(), 0, 0, &state), CAROUSEL_OK);
    EXPECT_EQ(state.count, 1);
    EXPECT_EQ(state.h_size, 9);
    EXPECT_EQ(state.c_size, 9);
    EXPECT_EQ(copy(state.h, 2 * 9), std::vector<float>(2 * 9));
    EXPECT_EQ(copy(state.c, 2 * 9), std::vector<float>(2 * 9));
  }
}

TEST(CApiStrides, BatchFirstInPlace) {
  constexpr std::int64_t kBatch = 3, kSteps = 4, kIn = 5, kOut = 9;
  const Problem problem =
      testing_support::sample({.input = kIn, .hidden = kOut, .batch = kBatch, .steps = kSteps});
  std::vector<float> x(problem.x.size()), y(kBatch * kSteps * kOut);
  const auto batch_first_x = batch_first(x.data(), kBatch, kSteps, kIn);
  for (std::int64_t t = 0; t < kSteps; ++t) {
    for (std::int64_t b = 0; b < kBatch; ++b) {
      std::copy_n(problem.x.data() + (t * kBatch + b) * kIn, kIn, batch_first_x.row(t, b));
    }
  }
  const CNetwork network = c_prepare(c_model(problem.model).get(), "scalar");
  const CStream stream = c_stream(network.get(), kBatch, kSteps);
  carousel_run_args args = arguments(problem, y);
  args.x = x.data();
  args.x_step_stride = kIn;
  args.x_batch_stride = kSteps * kIn;
  args.y_step_stride = kOut;
  args.y_batch_stride = kSteps * kOut;
  ASSERT_EQ(carousel_stream_run_args(stream.get(), &args), CAROUSEL_OK) << carousel_last_error();
  const auto found = conformance::dense(batch_first(y.data(), kBatch, kSteps, kOut));
  EXPECT_EQ(first_different_bit(found, run_cpp(problem, "scalar").y), -1);
}

TEST(CApiIds, DenseIds) {
  const Problem problem = testing_support::sample(
      {.input = 6, .hidden = 9, .head = 4, .vocabulary = 10, .batch = 2, .steps = 3});
  const CNetwork network = c_prepare(c_model(problem.model).get(), "scalar");
  EXPECT_TRUE(carousel_network_takes_ids(network.get()));
  EXPECT_EQ(carousel_network_input_size(network.get()), 1);
  const CStream stream = c_stream(network.get(), 2, 3);
  std::vector<float> y = outputs(problem);
  ASSERT_EQ(carousel_stream_run_ids(stream.get(), 3, problem.ids.data(), y.data()), CAROUSEL_OK);
  EXPECT_EQ(first_different_bit(y, run_cpp(problem, "scalar").y), -1);
}

TEST(CApiLifetime, StreamsOutliveNetworkAndModel) {
  const Problem problem = testing_support::sample({.input = 5, .hidden = 9, .steps = 4});
  CModel model = c_model(problem.model);
  CNetwork network = c_prepare(model.get(), "scalar");
  model.reset();
  const CStream stream = c_stream(network.get(), problem.spec.batch, 4);
  network.reset();
  std::vector<float> y = outputs(problem);
  ASSERT_EQ(carousel_stream_run(stream.get(), 4, problem.x.data(), y.data()), CAROUSEL_OK);
  EXPECT_EQ(first_different_bit(y, run_cpp(problem, "scalar").y), -1);
}

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
  EXPECT_TRUE(carousel_network_bidirectional(c.get()));
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
    EXPECT_EQ(info.cell, static_cast<int>(plan.spec.cell));
    EXPECT_EQ(info.direction, static_cast<int>(plan.spec.direction));
    EXPECT_EQ(info.input_size, plan.spec.input_size);
    EXPECT_EQ(info.hidden_size, plan.spec.hidden_size);
    EXPECT_EQ(info.state_size, plan.spec.state_size());
    EXPECT_EQ(info.output_size, plan.spec.output_size());
  }
  const CStream stream = c_stream(c.get(), 2, 5);
  EXPECT_EQ(carousel_stream_memory_bytes(stream.get()),
            cpp.stream({.batch = 2, .max_steps = 5}).memory_bytes());
}

}  // namespace
}  // namespace carousel::c_api_test
