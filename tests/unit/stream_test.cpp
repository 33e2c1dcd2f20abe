// SPDX-License-Identifier: Apache-2.0
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/compare.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>
#include <type_traits>

namespace carousel::testing_support {
namespace {

constexpr std::int64_t kSteps = 6;
constexpr std::int64_t kBatch = 2;

class Streams : public testing::TestWithParam<std::string> {
 protected:
  Problem problem =
      sample({.input = 10, .hidden = 20, .layers = 2, .batch = kBatch, .steps = kSteps});
  Network network = prepare(problem.model, {.backend = GetParam()});

  [[nodiscard]] Stream make() const {
    return network.stream({.batch = kBatch, .max_steps = kSteps});
  }
  [[nodiscard]] Answer run(Stream& stream) const {
    return run_dense(stream, problem.x, kSteps, kBatch, network);
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, Streams, testing::ValuesIn(runnable_ids()), id_as_test_name);

static_assert(!std::is_copy_constructible_v<Stream> && !std::is_copy_assignable_v<Stream>);
static_assert(std::is_nothrow_move_constructible_v<Stream>);
static_assert(std::is_nothrow_move_assignable_v<Stream>);

TEST_P(Streams, MovingCarriesTheState) {
  Stream stays = make();
  (void)run(stays);
  const Answer expected = run(stays);

  Stream first = make();
  (void)run(first);
  Stream second = std::move(first);
  Stream third = make();
  third = std::move(second);
  EXPECT_EQ(run(third), expected);
}

TEST_P(Streams, ViewsOfTheStateSurviveAMove) {
  Stream first = make();
  const StateView view = first.state();
  Stream second = std::move(first);
  (void)run(second);
  EXPECT_EQ(conformance::dense(view.h), conformance::dense(second.state().h));
}

TEST_P(Streams, ResetGoesBackToZero) {
  Stream stream = make();
  const Answer first = run(stream);
  EXPECT_NE(run(stream).y, first.y);
  stream.reset();
  for (const float value : conformance::dense(stream.state().h)) EXPECT_EQ(value, 0.0F);
  for (const float value : conformance::dense(stream.state().c)) EXPECT_EQ(value, 0.0F);
  EXPECT_EQ(run(stream), first);
}

TEST_P(Streams, OutliveTheirNetwork) {
  Stream reference = make();
  const Answer expected = run(reference);
  std::optional<Network> temporary = prepare(problem.model, {.backend = GetParam()});
  Stream stream = temporary->stream({.batch = kBatch, .max_steps = kSteps});
  temporary.reset();
  EXPECT_EQ(run(stream), expected);
}

TEST_P(Streams, DoNotDisturbEachOther) {
  Stream a = make();
  Stream b = make();
  const Answer first = run(a);
  EXPECT_EQ(run(b), first);
  EXPECT_EQ(run(a), run(b));
}

TEST_P(Streams, OfOneNetworkRunAtTheSameTime) {
  Stream reference = make();
  const Answer first = run(reference);
  const Answer second = run(reference);
  constexpr int kThreads = 4;
  std::vector<Answer> answers(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(answers.size());
  for (Answer& answer : answers) {
    threads.emplace_back([this, &answer, &first] {
      Stream stream = make();
      if (run(stream) == first) answer = run(stream);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Answer& answer : answers) EXPECT_EQ(answer, second);
}

TEST_P(Streams, StateIsReadAndSetInPyTorchsShapes) {
  Stream stream = make();
  const StateView all = stream.state();
  EXPECT_EQ(all.h.steps, 2);
  EXPECT_EQ(all.h.batch, kBatch);
  EXPECT_EQ(all.h.features, 20);
  EXPECT_EQ(all.c.features, 20);
  *all.h.row(1, 1) = 0.25F;
  *all.c.row(0, 1) = -0.5F;
  EXPECT_EQ(*stream.state(1, "h").row(0, 1), 0.25F);
  EXPECT_EQ(*stream.state(0, "c").row(0, 1), -0.5F);
  EXPECT_THROW((void)stream.state(2, "h"), Error);
  EXPECT_THROW((void)stream.state(-1, "h"), Error);
  EXPECT_THROW((void)stream.state(0, "h_reverse"), Error);
}

TEST_P(Streams, OfABidirectionalNetworkHaveAStatePerDirection) {
  const Problem both =
      sample({.input = 4, .hidden = 6, .direction = Direction::bidirectional, .head = 2});
  const Network net = prepare(both.model, {.backend = GetParam()});
  Stream stream = net.stream({.batch = 3, .max_steps = 5});
  EXPECT_EQ(stream.state().h.steps, 2);
  *stream.state().h.row(1, 2) = 0.75F;
  EXPECT_EQ(*stream.state(0, "h_reverse").row(0, 2), 0.75F);
  EXPECT_THROW((void)stream.state(1, "h"), Error) << "the dense layer has no state";
}

TEST_P(Streams, TellTheirSize) {
  const std::size_t state_bytes = 2 * 2 * 20 * kBatch * sizeof(float);
  EXPECT_GE(make().memory_bytes(), state_bytes);
  EXPECT_LT(make().memory_bytes(), std::size_t{1} << 20U);
  EXPECT_GT(network.memory_bytes(), 2 * 4 * 20 * 20 * sizeof(float));
}

TEST_P(Streams, WithLayersOfDifferentSizeHaveOnlyLayerStates) {
  Model model = sample({.input = 3, .hidden = 8}).model;
  const Model above = sample({.input = 8, .hidden = 5}).model;
  model.layers.push_back(above.layers[0]);
  const Network net = prepare(model, {.backend = GetParam()});
  Stream stream = net.stream();
  EXPECT_THROW((void)stream.state(), Error);
  EXPECT_EQ(stream.state(0, "h").features, 8);
  EXPECT_EQ(stream.state(1, "c").features, 5);
}

TEST_P(Streams, OfNoRowsAreFine) {
  Stream stream = network.stream({.batch = 0, .max_steps = 3});
  const Status status = stream.run(steps_first<const float>(nullptr, 3, 0, 10),
                                   steps_first<float>(nullptr, 3, 0, 20));
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
}

TEST(Networks, AreSharedByTheirCopies) {
  const Problem problem = sample({.input = 4, .hidden = 6});
  const Network network = prepare(problem.model);
  const Network copy = network;  // NOLINT(performance-unnecessary-copy-initialization): the point
  EXPECT_EQ(copy.layers().data(), network.layers().data());
  EXPECT_EQ(prepare(problem.model.layers[0]).output_size(), 6);
  EXPECT_FALSE(network.whole_sequence());
  EXPECT_FALSE(network.takes_ids());
}

TEST(Stream, StartsFromTheModelsInitialStateAndResetsToIt) {
  Problem problem = sample({.hidden = 3, .layers = 2, .batch = 2});
  problem.model.layers[1].weights["initial_h"] = Tensor({3}, std::vector{0.1F, 0.2F, 0.3F});
  problem.model.layers[1].weights["initial_c"] = Tensor({3}, std::vector{-1.0F, 2.0F, -3.0F});
  const oracle::Quantity x =
      oracle::exact(problem.x, problem.spec.steps, 2, problem.model.input_size());
  const oracle::Result expected = oracle::run(problem.model, x);
  for (const std::string& id : runnable_ids()) {
    const Network network = prepare(problem.model, {.backend = id});
    Stream stream = network.stream({.batch = 2});
    const std::vector<float> start{0, 0, 0, 0, 0, 0, 0.1F, 0.2F, 0.3F, 0.1F, 0.2F, 0.3F};
    EXPECT_EQ(conformance::dense(stream.state().h), start);
    const Answer first = run_dense(stream, problem.x, problem.spec.steps, 2, network);
    EXPECT_TRUE(compare(first.y, expected.y().value, expected.y().tolerance).ok) << id;
    EXPECT_NE(conformance::dense(stream.state().h), start);
    stream.reset();
    EXPECT_EQ(conformance::dense(stream.state().h), start);
    EXPECT_EQ(run_dense(stream, problem.x, problem.spec.steps, 2, network), first);
  }
}

/// The states of all layers by name, those of a name side by side as in PyTorch's h_n.
TEST(Stream, ListsItsStates) {
  const Problem both = sample(
      {.input = 4, .hidden = 6, .layers = 2, .direction = Direction::bidirectional, .head = 2});
  Stream stream = prepare(both.model).stream({.batch = 3, .max_steps = 5});
  std::vector<std::string> names;
  for (const NamedState& state : stream.states()) {
    names.push_back(std::to_string(state.layer) + ' ' + std::string(state.name));
    EXPECT_EQ(state.values.batch, 3);
    EXPECT_EQ(state.values.features, 6);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"0 h", "0 c", "0 h_reverse", "0 c_reverse", "1 h",
                                             "1 c", "1 h_reverse", "1 c_reverse"}));
  EXPECT_EQ(stream.state(1, "c_reverse").data, stream.state().c.row(3, 0));
}

}  // namespace
}  // namespace carousel::testing_support
