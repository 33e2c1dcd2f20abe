// SPDX-License-Identifier: Apache-2.0
// Runs through the C interface give the bits that the C++ interface gives.
#include "c_api/handles.hpp"
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/compare.hpp>

#include <algorithm>
#include <iterator>
#include <tuple>

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
           .lengths = Lengths::sorted},
          {.hidden = 12, .initial_state = true, .layer_norm = true},
          {.hidden = 12, .initial_state = true, .cell = Cell::slstm, .heads = 4}};
}

/// What a run leaves behind: all outputs, and all states.
struct Outcome {
  std::vector<float> y;
  conformance::States states;
};

void expect_same_bits(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(first_different_bit(a.y, b.y), -1);
  ASSERT_EQ(a.states.size(), b.states.size());
  for (std::size_t k = 0; k < a.states.size(); ++k) {
    EXPECT_EQ(first_different_bit(a.states[k], b.states[k]), -1) << k;
  }
}

std::vector<float> outputs(const Problem& p) {
  return std::vector<float>(
      static_cast<std::size_t>(p.spec.steps * p.spec.batch * p.model.output_size()));
}

/// `own_state`: from the state that the stream was made with.
Outcome run_cpp(const Problem& p, const std::string& backend, bool own_state = false) {
  const Network network = prepare(p.model, {.backend = backend});
  Stream stream = network.stream({.batch = p.spec.batch, .max_steps = p.spec.steps});
  if (!own_state) conformance::set_states(stream, p.states);
  Outcome out{.y = outputs(p), .states = {}};
  const auto y = steps_first(out.y.data(), p.spec.steps, p.spec.batch, p.model.output_size());
  const Status status =
      p.model.takes_ids() ? stream.run_ids(steps_first<const std::int32_t>(
                                               p.ids.data(), p.spec.steps, p.spec.batch, 1),
                                           y, p.lengths)
                          : stream.run(steps_first<const float>(p.x.data(), p.spec.steps,
                                                                p.spec.batch, p.model.input_size()),
                                       y, p.lengths);
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  out.states = conformance::get_states(stream);
  return out;
}

std::vector<float> copy(const float* values, std::int64_t count) {
  return values == nullptr ? std::vector<float>() : std::vector<float>(values, values + count);
}

std::vector<carousel_named_state> named_states(carousel_stream* stream) {
  std::vector<carousel_named_state> states(carousel_stream_state_count(stream),
                                           sized<carousel_named_state>());
  for (std::size_t k = 0; k < states.size(); ++k) {
    EXPECT_EQ(carousel_stream_get_state(stream, k, &states[k]), CAROUSEL_OK);
    EXPECT_EQ(states[k].struct_size, sizeof states[k]);
  }
  return states;
}

void set_states(carousel_stream* stream, const conformance::States& values) {
  const auto states = named_states(stream);
  ASSERT_EQ(states.size(), values.size());
  for (std::size_t k = 0; k < states.size(); ++k) std::ranges::copy(values[k], states[k].values);
}

conformance::States get_states(carousel_stream* stream) {
  conformance::States values;
  for (const carousel_named_state& state : named_states(stream)) {
    values.push_back(copy(state.values, state.batch * state.size));
  }
  return values;
}

carousel_run_args arguments(const Problem& p, std::vector<float>& y) {
  auto args = sized<carousel_run_args>();
  args.steps = p.spec.steps;
  args.x = p.model.takes_ids() ? nullptr : p.x.data();
  args.ids = p.model.takes_ids() ? p.ids.data() : nullptr;
  args.y = y.data();
  args.lengths = p.lengths.empty() ? nullptr : p.lengths.data();
  return args;
}

Outcome run_c(const Problem& p, const std::string& backend, bool own_state = false) {
  const CNetwork network = c_prepare(c_model(p.model).get(), backend);
  const CStream stream = c_stream(network.get(), p.spec.batch, p.spec.steps);
  if (!own_state) set_states(stream.get(), p.states);
  Outcome out{.y = outputs(p), .states = {}};
  const carousel_run_args args = arguments(p, out.y);
  EXPECT_EQ(carousel_stream_run_args(stream.get(), &args), CAROUSEL_OK) << carousel_last_error();
  out.states = get_states(stream.get());
  return out;
}

class CApiRun : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, CApiRun, testing::ValuesIn(runnable_ids()), id_as_test_name);

TEST_P(CApiRun, SameBitsAsCpp) {
  for (const Case& spec : networks()) {
    if (!testing_support::runs(GetParam(), spec)) continue;
    SCOPED_TRACE(spec.name());
    const Problem problem = testing_support::sample(spec);
    const Outcome cpp = run_cpp(problem, GetParam());
    ASSERT_FALSE(cpp.y.empty() || cpp.states.empty());
    expect_same_bits(run_c(problem, GetParam()), cpp);
  }
}

TEST_P(CApiRun, LearnedStatesAndTheActivationArrive) {
  Problem problem = testing_support::sample({.input = 5, .hidden = 9, .batch = 2, .steps = 4});
  const Outcome without = run_cpp(problem, GetParam(), true);
  Weights& weights = problem.model.layers[0].weights;
  weights["initial_h"] = Tensor({9}, std::vector(9, 0.5F));
  weights["initial_c"] = Tensor({9}, std::vector(9, -0.25F));
  problem.model.layers.push_back({.spec = ActivationSpec{{ActivationKind::softmax}, 9}});
  const Outcome cpp = run_cpp(problem, GetParam(), true);
  EXPECT_GE(first_different_bit(cpp.states[1], without.states[1]), 0);
  expect_same_bits(run_c(problem, GetParam(), true), cpp);
}

/// Several inputs and outputs: given in whatever order.
TEST_P(CApiRun, ByName) {
  const Problem problem = testing_support::sample({.input = 6,
                                                   .hidden = 8,
                                                   .head = 3,
                                                   .vocabulary = 7,
                                                   .topology = conformance::Topology::two_inputs,
                                                   .batch = 2,
                                                   .steps = 4});
  if (!testing_support::runs(GetParam(), problem.spec)) GTEST_SKIP();
  Model model = problem.model;
  model.outputs = {{"scores", layer_names(model).back()}, {"first", layer_names(model).front()}};
  const std::int64_t sizes[2] = {output_size(model.layers.back().spec),
                                 output_size(model.layers.front().spec)};
  const auto inputs = model_inputs(model);
  ASSERT_EQ(inputs.size(), 2U);
  const auto run = [&](bool swapped, std::int64_t batch_first_stride) {
    const CNetwork network = c_prepare(c_model(model).get(), GetParam());
    const CStream stream = c_stream(network.get(), 2, 4);
    std::vector<std::vector<float>> y{std::vector<float>(static_cast<std::size_t>(8 * sizes[0])),
                                      std::vector<float>(static_cast<std::size_t>(8 * sizes[1]))};
    std::vector<carousel_named_sequence> in, out;
    for (const ModelInput& input : inputs) {
      in.push_back({input.name.c_str(), input.ids ? nullptr : problem.x.data(),
                    input.ids ? problem.ids.data() : nullptr, nullptr, 0, 0});
    }
    out.push_back(
        {"scores", nullptr, nullptr, y[0].data(), batch_first_stride / 4, batch_first_stride});
    out.push_back({"first", nullptr, nullptr, y[1].data(), 0, 0});
    if (swapped) std::swap(in[0], in[1]);
    if (swapped) std::swap(out[0], out[1]);
    EXPECT_EQ(carousel_stream_run_named(stream.get(), 4, in.data(), 2, out.data(), 2, nullptr),
              CAROUSEL_OK)
        << carousel_last_error();
    return y;
  };
  const auto y = run(false, 0);
  EXPECT_EQ(run(true, 0), y);
  EXPECT_NE(std::ranges::count(y[0], 0.0F), std::ssize(y[0]));
  EXPECT_NE(std::ranges::count(y[1], 0.0F), std::ssize(y[1]));
  const auto strided = run(false, 4 * sizes[0]);
  EXPECT_EQ(conformance::dense(batch_first(const_cast<float*>(strided[0].data()), 2, 4, sizes[0])),
            y[0]);
  EXPECT_EQ(strided[1], y[1]);

  const Network network = prepare(model, {.backend = GetParam()});
  Stream stream = network.stream({.batch = 2, .max_steps = 4});
  std::vector<float> scores(y[0].size()), first(y[1].size());
  std::vector<NamedInput> in;
  for (const ModelInput& input : inputs) {
    in.push_back({input.name, steps_first(problem.x.data(), 4, 2, input.size),
                  steps_first(problem.ids.data(), 4, 2, 1)});
  }
  const std::vector<NamedOutput> out{{"scores", steps_first(scores.data(), 4, 2, sizes[0])},
                                     {"first", steps_first(first.data(), 4, 2, sizes[1])}};
  ASSERT_TRUE(stream.run(in, out));
  EXPECT_EQ(first_different_bit(scores, y[0]), -1);
  EXPECT_EQ(first_different_bit(first, y[1]), -1);
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
    ASSERT_EQ(carousel_stream_state(stream.get(), &state), CAROUSEL_OK);
    EXPECT_EQ(state.count, 1);
    EXPECT_EQ(state.batch, 2);
    EXPECT_EQ(state.h_size, 9);
    EXPECT_EQ(state.c_size, 9);
    EXPECT_EQ(copy(state.h, 2 * 9), std::vector<float>(2 * 9));
    EXPECT_EQ(copy(state.c, 2 * 9), std::vector<float>(2 * 9));
  }
}

/// Layers of different sizes, of which one has two directions: one state after the other.
TEST(CApiStates, AreListedByLayerAndName) {
  Model model;
  for (const auto& spec : {make_spec(Cell::gru, 4, 3, Direction::bidirectional),
                           make_spec(Cell::lstm, 6, 5, Direction::forward, 2)}) {
    ModelLayer layer{.spec = spec};
    for (const WeightRole& role : weight_roles(spec)) {
      if (!role.required) continue;
      const std::int64_t count = role.shape[0] * (role.shape.size() > 1 ? role.shape[1] : 1);
      layer.weights[role.name] =
          Tensor(role.shape, std::vector(static_cast<std::size_t>(count), 0.1F));
    }
    model.layers.push_back(layer);
  }
  const CNetwork network = c_prepare(c_model(model).get(), "scalar");
  const CStream stream = c_stream(network.get(), 2, 4);
  const auto states = named_states(stream.get());
  const std::vector<std::tuple<std::int64_t, std::string, std::int64_t>> expected{
      {0, "h", 3}, {0, "h_reverse", 3}, {1, "h", 2}, {1, "c", 5}};
  ASSERT_EQ(states.size(), expected.size());
  for (std::size_t k = 0; k < states.size(); ++k) {
    EXPECT_EQ(std::tuple(states[k].layer, std::string(states[k].name), states[k].size),
              expected[k]);
    EXPECT_EQ(states[k].batch, 2);
    states[k].values[0] = static_cast<float>(k + 1);
  }
  EXPECT_EQ(named_states(stream.get())[3].values[0], 4.0F);
  auto all = sized<carousel_state>();
  EXPECT_EQ(carousel_stream_state(stream.get(), &all), CAROUSEL_UNSUPPORTED);
  EXPECT_NE(std::string(carousel_last_error()).find("states"), std::string::npos)
      << carousel_last_error();
  carousel_stream_reset(stream.get());
  for (const carousel_named_state& state : states) EXPECT_EQ(state.values[0], 0.0F);
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

}  // namespace
}  // namespace carousel::c_api_test
