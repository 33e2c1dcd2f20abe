// SPDX-License-Identifier: Apache-2.0
// Every wrong argument of run gives a status that says so, and leaves y and the state as they were.
#include "core/engine/no_memory.hpp"
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/compare.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <new>
#include <span>

namespace carousel::testing_support {
namespace {

constexpr std::int64_t kBatch = 3;
constexpr std::int64_t kSteps = 5;

/// A network in mid-sequence, with arguments for one more run that a test spoils one at a time.
struct Call {
  explicit Call(const Case& spec, const std::string& id = "scalar")
      : problem(sample(spec)),
        network(prepare(problem.model, {.backend = id})),
        stream(network.stream({.batch = kBatch, .max_steps = kSteps})) {
    const auto outputs = static_cast<std::size_t>(network.output_size());
    y_data.assign((kSteps + 1) * kBatch * outputs, kUntouched);
    x_data.assign(static_cast<std::size_t>((kSteps + 1) * kBatch * network.input_size()), 0.5F);
    id_data.assign((kSteps + 1) * kBatch, 1);
    x = steps_first<const float>(x_data.data(), kSteps, kBatch, network.input_size());
    ids = steps_first<const std::int32_t>(id_data.data(), kSteps, kBatch, 1);
    y = steps_first(y_data.data(), kSteps, kBatch, network.output_size());
    conformance::set_states(stream, problem.states);
  }

  Status run() {
    return network.takes_ids() ? stream.run_ids(ids, y, lengths) : stream.run(x, y, lengths);
  }

  /// Expects a failing status whose message contains `word`, and nothing else to happen.
  void expect_refused(const char* word, const Status& status) {
    EXPECT_FALSE(static_cast<bool>(status));
    EXPECT_NE(std::string(status.message()).find(word), std::string::npos) << status.message();
    for (const float value : y_data) ASSERT_EQ(value, kUntouched) << status.message();
    EXPECT_EQ(conformance::get_states(stream), problem.states);
  }
  void expect_refused(const char* word) { expect_refused(word, run()); }

  Problem problem;
  Network network;
  Stream stream;
  std::vector<float> x_data, y_data;
  std::vector<std::int32_t> id_data;
  SequenceView<const float> x;
  SequenceView<const std::int32_t> ids;
  SequenceView<float> y;
  std::vector<std::int64_t> lengths;
};

Case plain() { return {.input = 6, .hidden = 9, .layers = 2, .initial_state = true}; }

Case reading_ids() {
  return {.input = 6, .hidden = 9, .head = 4, .vocabulary = 10, .initial_state = true};
}

struct Spoil {
  const char* word;  ///< that the message has to contain
  std::function<void(Call&)> how;
};

TEST(Misuse, WrongArgumentsAreRefused) {
  const std::vector<Spoil> ways{
      {"input 'x' has a batch of 2, but the stream was made for 3", [](Call& c) { c.x.batch = 2; }},
      {"output 'y' has a batch of 4, but the stream was made for 3",
       [](Call& c) { c.y.batch = 4; }},
      {"batch", [](Call& c) { c.x.batch = c.y.batch = 0; }},
      {"input 'x' has 5 features, but the network's input_size is 6",
       [](Call& c) { c.x.features = 5; }},
      {"output_size", [](Call& c) { c.y.features = 10; }},
      {"output 'y' has 4 steps, but must have 5", [](Call& c) { c.y.steps = kSteps - 1; }},
      {"steps", [](Call& c) { c.x.steps = c.y.steps = -1; }},
      {"null", [](Call& c) { c.x.data = nullptr; }},
      {"null", [](Call& c) { c.y.data = nullptr; }},
      {"input 'x' has 9223372036854775807 steps",
       [](Call& c) { c.x.steps = c.y.steps = std::numeric_limits<std::int64_t>::max(); }},
      {"memory", [](Call& c) { c.x.step_stride = std::int64_t{1} << 60U; }},
      {"memory", [](Call& c) { c.y.batch_stride = std::int64_t{1} << 60U; }},
      {"output 'y': its strides", [](Call& c) { c.y.step_stride = 0; }},
      {"frames overlap", [](Call& c) { c.y.batch_stride -= 1; }},
      {"frames overlap", [](Call& c) { c.y.step_stride -= 1; }},
      {"output 'y' overlaps input 'x'", [](Call& c) { c.x.data = c.y.data; }},
      {"output 'y' overlaps input 'x'", [](Call& c) { c.x.data = c.y.data + 20; }},
      {"lengths",
       [](Call& c) {
         c.lengths = {1, 2};
       }},
      {"lengths",
       [](Call& c) {
         c.lengths = {1, 2, 3, 4};
       }},
      {"lengths[1] is -1, but must be in 0..5",
       [](Call& c) {
         c.lengths = {1, -1, 3};
       }},
      {"lengths[2] is 6, but must be in 0..5",
       [](Call& c) {
         c.lengths = {1, 2, kSteps + 1};
       }},
      {"length",
       [](Call& c) {
         c.lengths = {INT64_MAX, INT64_MIN, 0};
       }},
  };
  for (const std::string& id : runnable_ids()) {
    SCOPED_TRACE(id);
    for (const Spoil& way : ways) {
      Call call(plain(), id);
      way.how(call);
      call.expect_refused(way.word);
    }
  }
}

/// What the stream itself writes to in a run.
TEST(Misuse, StatesOfTheStreamAreNoArguments) {
  for (const std::string_view name : {"h", "c"}) {
    for (const std::int64_t layer : {0, 1}) {
      const std::string words =
          "the stream's own state '" + std::string(name) + "' of layer " + std::to_string(layer);
      Call writes(plain());
      // One step of y, or of x, has no more numbers than the state.
      writes.x.steps = writes.y.steps = 1;
      writes.y.data = writes.stream.state(layer, name).data;
      writes.expect_refused(("output 'y' overlaps " + words).c_str());
      Call reads(plain());
      reads.x.steps = reads.y.steps = 1;
      reads.x.data = reads.stream.state(layer, name).data;
      reads.expect_refused(("input 'x' overlaps " + words).c_str());
    }
  }
}

/// y as an array of lengths or ids, which a run would change while it reads them.
TEST(Misuse, OutputsOverOtherArguments) {
  Call call(plain());
  std::vector<std::int64_t> both(call.y_data.size());
  std::ranges::fill(both, 2);
  call.y.data = reinterpret_cast<float*>(both.data());
  const std::span<const std::int64_t> lengths = std::span(both).subspan(4, kBatch);
  const Status status = call.stream.run(call.x, call.y, lengths);
  call.expect_refused("output 'y' overlaps lengths", status);
  EXPECT_TRUE(std::ranges::all_of(both, [](std::int64_t v) { return v == 2; }));

  Call reads(reading_ids());
  std::vector<std::int32_t> ids(reads.y_data.size(), 1);
  reads.ids.data = ids.data() + 3;
  reads.y.data = reinterpret_cast<float*>(ids.data());
  reads.expect_refused("output 'y' overlaps input 'ids'");
  EXPECT_TRUE(std::ranges::all_of(ids, [](std::int32_t v) { return v == 1; }));
}

/// A failure's text is the stream's own until its next failure.
TEST(Misuse, TheTextIsTheStreamsOwn) {
  Call call(plain());
  call.lengths = {0, 0, 77};
  const Status status = call.run();
  Call other(plain());
  other.x.batch = 1;
  EXPECT_FALSE(static_cast<bool>(other.run()));
  EXPECT_STREQ(status.message(),
               "run: lengths[2] is 77, but must be in 0..5, the steps of the run");
}

TEST(Misuse, MovedStreamsRefuseRuns) {
  Call call(plain());
  const Stream other = std::move(call.stream);
  EXPECT_STREQ(call.stream.run(call.x, call.y, {}).message(),  // NOLINT(bugprone-use-after-move)
               "run: the stream has been moved from, and runs no more");
}

TEST(Misuse, TooManyStepsForAReverseDirection) {
  for (const Direction direction : {Direction::reverse, Direction::bidirectional}) {
    Case spec = plain();
    spec.direction = direction;
    Call call(spec);
    call.x.steps = call.y.steps = kSteps + 1;
    call.expect_refused("max_steps");
  }
  Call forward(plain());
  forward.x.steps = forward.y.steps = kSteps + 1;
  EXPECT_TRUE(static_cast<bool>(forward.run()));
}

TEST(Misuse, IdsOutOfRange) {
  for (const std::int32_t wrong : {-1, 10, 11, INT32_MAX, INT32_MIN}) {
    for (const std::size_t where : {std::size_t{0}, std::size_t{kSteps * kBatch - 1}}) {
      Call call(reading_ids());
      call.id_data[where] = wrong;
      call.expect_refused(("the id at step " + std::to_string(where / kBatch) + " of row " +
                           std::to_string(where % kBatch) + " is " + std::to_string(wrong) +
                           ", but must be in 0..9")
                              .c_str());
    }
  }
}

TEST(Misuse, IdsPastTheEndAreNotRead) {
  Call call(reading_ids());
  call.lengths = {2, 0, kSteps};
  call.id_data[2 * kBatch] = -5;
  call.id_data[1] = 1000;
  EXPECT_TRUE(static_cast<bool>(call.run()));
}

TEST(Misuse, RunAndRunIdsAreNotInterchangeable) {
  Call numbers(plain());
  numbers.expect_refused("takes no ids", numbers.stream.run_ids(numbers.ids, numbers.y));
  Call ids(reading_ids());
  ids.x = steps_first<const float>(ids.x_data.data(), kSteps, kBatch, 1);
  ids.expect_refused("run_ids", ids.stream.run(ids.x, ids.y));
}

TEST(Misuse, AStreamGoesOnAfterARefusal) {
  Call spoilt(plain());
  spoilt.x.features = 5;
  spoilt.expect_refused("input_size");
  spoilt.x.features = 6;
  Call fresh(plain());
  ASSERT_TRUE(static_cast<bool>(spoilt.run()));
  ASSERT_TRUE(static_cast<bool>(fresh.run()));
  EXPECT_EQ(spoilt.y_data, fresh.y_data);
}

TEST(Misuse, NothingToDoIsNoMisuse) {
  Call call(plain());
  call.x.steps = call.y.steps = 0;
  call.x.data = nullptr;
  call.y.data = nullptr;
  EXPECT_TRUE(static_cast<bool>(call.run()));
  EXPECT_EQ(conformance::get_states(call.stream), call.problem.states);
}

TEST(Misuse, OptionsOutOfRangeAreErrors) {
  const Model model = sample(plain()).model;
  const auto refuses = [](const std::string& words, const std::function<void()>& work) {
    try {
      work();
      ADD_FAILURE() << words;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  };
  const auto preparing = [&](const std::string& words, const PrepareOptions& options) {
    refuses(words, [&] { (void)prepare(model, options); });
  };
  preparing("prepare: threads is 0, but must be in 1..4096", {.threads = 0});
  preparing("prepare: threads is -1", {.threads = -1});
  preparing("prepare: threads is 2147483647", {.threads = INT32_MAX});
  preparing("prepare: batch is -1, but must be in 0..16777216", {.batch = -1});
  preparing("prepare: batch is 16777217", {.batch = (1 << 24) + 1});
  preparing("prepare: steps is -1, but must be in 0..4294967296", {.steps = -1});
  preparing("prepare: steps is 9223372036854775807", {.steps = INT64_MAX});
  preparing("seconds_per_layer is 0, but must be positive", {.planning = {.seconds_per_layer = 0}});
  const Network network = prepare(model);
  const auto streaming = [&](const std::string& words, const StreamOptions& options) {
    refuses(words, [&] { (void)network.stream(options); });
  };
  streaming("stream: batch is -1, but must be in 0..16777216", {.batch = -1});
  streaming("stream: batch is 4294967296", {.batch = std::int64_t{1} << 32U});
  streaming("stream: max_steps is 0, but must be in 1..4294967296", {.max_steps = 0});
  streaming("stream: max_steps is 9223372036854775807", {.max_steps = INT64_MAX});
}

/// Memory that cannot be had is for something, and of a size.
TEST(Misuse, MissingMemoryIsNamed) {
  const auto text_of = [](auto work) -> std::string {
    try {
      detail::with_memory_for([] { return std::string("the stream's states"); }, work);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(text_of([] { return AlignedFloats(std::int64_t{1} << 60U).size(); }),
            "out of memory of 4611686018427387904 bytes for the stream's states");
  EXPECT_EQ(text_of([]() -> int { throw std::bad_alloc(); }),
            "out of memory for the stream's states");
}

/// What a layer reads and its scratch can be too large where what it writes is small.
TEST(Misuse, StreamsOfMoreThanAnyMemoryAreErrors) {
  constexpr std::int64_t kMost = std::int64_t{1} << 20U;
  const auto refuses = [](const LayerSpec& spec, const StreamOptions& options) {
    const Network network = prepare(named_layer(spec, "layer"), {.backend = "scalar"});
    try {
      static_cast<void>(network.stream(options));
    } catch (const Error& error) {
      return error.code() == ErrorCode::out_of_memory;
    } catch (const std::bad_alloc&) {
      return true;
    }
    return false;
  };
  // 2^32 steps of 2^13 rows of 2^19 channels are 2^64 numbers, of which each 2^20th is written.
  EXPECT_TRUE(refuses(ConvolutionSpec{.in_channels = kMost / 2,
                                      .out_channels = 1,
                                      .kernel_size = 2,
                                      .stride = kMost,
                                      .pad_begin = 1,
                                      .bias = false},
                      {.batch = 1 << 13, .max_steps = std::int64_t{1} << 32U}));
  // Padding of 2^21 steps of 2^19 channels for 2^24 rows.
  EXPECT_TRUE(refuses(ConvolutionSpec{.in_channels = kMost / 2,
                                      .out_channels = 1,
                                      .kernel_size = 2,
                                      .stride = kMost,
                                      .pad_begin = kMost,
                                      .pad_end = kMost,
                                      .bias = false},
                      {.batch = 1 << 24, .max_steps = 1}));
}

TEST(Misuse, ModelsThatDoNotFitTogetherAreErrors) {
  const auto expect_error = [](const std::function<void(Model&)>& spoil) {
    Model model = sample(reading_ids()).model;
    spoil(model);
    EXPECT_THROW((void)prepare(model, {.backend = "scalar"}), Error);
  };
  expect_error([](Model& m) { m.layers.clear(); });
  const Tensor one({1}, std::vector{1.0F});
  // Layer 0 is the embedding, 1 the LSTM, 2 the dense layer.
  const auto lstm = [](Model& m) -> RecurrentSpec& {
    return std::get<RecurrentSpec>(m.layers[1].spec);
  };
  expect_error([&](Model& m) { m.layers[1].weights["weight_ih"] = one; });
  expect_error([](Model& m) { m.layers[1].weights.erase("bias_hh"); });
  expect_error([&](Model& m) { m.layers[1].weights["weight_hr"] = one; });
  expect_error([&](Model& m) { m.layers[1].weights["weight_ih_reverse"] = one; });
  expect_error([&](Model& m) { lstm(m).input_size = 7; });
  expect_error([&](Model& m) { lstm(m).hidden_size = 0; });
  expect_error([&](Model& m) { lstm(m).proj_size = 9; });
  expect_error([](Model& m) { std::get<DenseSpec>(m.layers[2].spec).input_size = 8; });
  expect_error([&](Model& m) { m.layers[0].weights["weight"] = one; });
  expect_error([](Model& m) { std::get<EmbeddingSpec>(m.layers[0].spec).embedding_dim = 5; });
}

}  // namespace
}  // namespace carousel::testing_support
