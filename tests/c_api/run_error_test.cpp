// SPDX-License-Identifier: Apache-2.0
// Runs that are refused: with which words, and that nothing is touched.
#include "c_api/handles.hpp"
#include "unit/sample.hpp"

#include <array>
#include <functional>

namespace carousel::c_api_test {
namespace {

/// A run whose arguments a test spoils one at a time.
class CApiBadRun : public testing::Test {
 protected:
  CNetwork network =
      c_prepare(c_model(testing_support::sample({.input = 3, .hidden = 4}).model).get(), "scalar");
  CStream stream = c_stream(network.get(), 2, 4);
  std::vector<float> x = std::vector<float>(64, 0.5F);
  std::vector<float> y = std::vector<float>(64, testing_support::kUntouched);
  std::vector<std::int32_t> ids = std::vector<std::int32_t>(64, 0);
  std::vector<std::int64_t> lengths{1, 9};
  carousel_run_args args = sized<carousel_run_args>();

  void SetUp() override {
    args.steps = 4;
    args.x = x.data();
    args.y = y.data();
  }

  carousel_state state() {
    auto state = sized<carousel_state>();
    EXPECT_EQ(carousel_stream_state(stream.get(), &state), CAROUSEL_OK);
    return state;
  }

  void expect_refused(const char* words) {
    expect_failure(carousel_stream_run_args(stream.get(), &args), CAROUSEL_INVALID_ARGUMENT, words);
    for (const float value : y) ASSERT_EQ(value, testing_support::kUntouched);
    for (int i = 0; i < 2 * 4; ++i) ASSERT_EQ(state().h[i], 0.0F);
  }
};

TEST_F(CApiBadRun, IsRefused) {
  const carousel_run_args good = args;
  const std::vector<std::pair<const char*, std::function<void()>>> ways{
      {"steps", [&] { args.steps = -1; }},
      {"null", [&] { args.x = nullptr; }},
      {"null", [&] { args.y = nullptr; }},
      {"not both", [&] { args.ids = ids.data(); }},
      {"takes no ids", [&] { args.x = nullptr, args.ids = ids.data(); }},
      {"lengths[1] is 9, but must be in 0..4", [&] { args.lengths = lengths.data(); }},
      {"output 'y' overlaps input 'x'", [&] { args.x = y.data() + 4; }},
      {"output 'y' overlaps lengths",
       [&] { args.lengths = reinterpret_cast<const std::int64_t*>(y.data()); }},
      {"output 'y' overlaps the stream's own state 'h' of layer 0", [&] { args.y = state().h; }},
      {"output 'y' overlaps the stream's own state 'c' of layer 0", [&] { args.y = state().c; }},
      {"input 'x' overlaps the stream's own state 'h' of layer 0", [&] { args.x = state().h; }},
      {"struct_size", [&] { args.struct_size = sizeof args - 1; }},
      {"struct_size", [&] { args.struct_size = 0xCCCCCCCC; }},
      {"struct_size", [&] { args.struct_size = static_cast<std::size_t>(-1); }},
      {"input 'x' has 9223372036854775807 steps",
       [&] { args.steps = std::numeric_limits<std::int64_t>::max(); }},
  };
  for (const auto& [words, spoil] : ways) {
    SCOPED_TRACE(words);
    args = good;
    spoil();
    expect_refused(words);
  }
  args = good;
  EXPECT_EQ(carousel_stream_run_args(stream.get(), &args), CAROUSEL_OK);
}

TEST_F(CApiBadRun, MembersOfALaterVersion) {
  struct {
    carousel_run_args known;
    std::int64_t later;
  } extended{args, 0};
  extended.known.struct_size = sizeof extended;
  EXPECT_EQ(carousel_stream_run_args(stream.get(), &extended.known), CAROUSEL_OK);
  extended.later = 1;
  expect_failure(carousel_stream_run_args(stream.get(), &extended.known), CAROUSEL_INVALID_ARGUMENT,
                 "does not know");
}

TEST_F(CApiBadRun, ByNameIsRefused) {
  carousel_named_sequence in{"x", x.data(), nullptr, nullptr, 0, 0};
  carousel_named_sequence out{"y", nullptr, nullptr, y.data(), 0, 0};
  const carousel_named_sequence good_in = in;
  const carousel_named_sequence good_out = out;
  std::int64_t steps = 4;
  std::size_t count = 1;
  const std::int64_t* wrong_lengths = nullptr;
  const std::vector<std::pair<const char*, std::function<void()>>> ways{
      {"missing among those given", [&] { count = 0; }},
      {"input 0: its name is null", [&] { in.name = nullptr; }},
      {"the network has no input 'z'", [&] { in.name = "z"; }},
      {"the network has no output '\\x1b[2Jz'", [&] { out.name = "\x1b[2Jz"; }},
      {"not both", [&] { in.ids = ids.data(); }},
      {"y of an input", [&] { in.y = y.data(); }},
      {"x and ids of an output", [&] { out.x = x.data(); }},
      {"input 'x': its data is null", [&] { in.x = nullptr; }},
      {"output 'y': its data is null", [&] { out.y = nullptr; }},
      {"steps", [&] { steps = -1; }},
      {"length", [&] { wrong_lengths = lengths.data(); }},
  };
  const auto run = [&] {
    return carousel_stream_run_named(stream.get(), steps, &in, count, &out, 1, wrong_lengths);
  };
  for (const auto& [words, spoil] : ways) {
    SCOPED_TRACE(words);
    in = good_in;
    out = good_out;
    steps = 4;
    count = 1;
    wrong_lengths = nullptr;
    spoil();
    expect_failure(run(), CAROUSEL_INVALID_ARGUMENT, words);
    for (const float value : y) ASSERT_EQ(value, testing_support::kUntouched);
  }
  const std::array twice{good_in, good_in};
  expect_failure(carousel_stream_run_named(stream.get(), 4, twice.data(), 2, &good_out, 1, nullptr),
                 CAROUSEL_INVALID_ARGUMENT,
                 "input_count is 2, but the network has 1, each to be given once");
  expect_failure(carousel_stream_run_named(stream.get(), 4, nullptr, 1, &good_out, 1, nullptr),
                 CAROUSEL_INVALID_ARGUMENT, "null");
  expect_failure(carousel_stream_run_named(nullptr, 4, &good_in, 1, &good_out, 1, nullptr),
                 CAROUSEL_INVALID_ARGUMENT, "stream is null");
  EXPECT_EQ(carousel_stream_run_named(stream.get(), 4, &good_in, 1, &good_out, 1, nullptr),
            CAROUSEL_OK);
}

/// How many steps a run could have says nothing of how long it takes to make a stream.
TEST(CApiManySteps, CostNothingBeforeTheyAreRun) {
  const conformance::Problem problem = testing_support::sample(
      {.input = 5, .hidden = 9, .direction = Direction::bidirectional, .steps = 4});
  const CModel model = c_model(problem.model);
  const CNetwork network = c_prepare(model.get(), "scalar");
  const CStream stream = c_stream(network.get(), 1, std::int64_t{1} << 32U);
  EXPECT_LT(carousel_stream_memory_bytes(stream.get()), std::size_t{1} << 20U);
  std::vector<float> y(static_cast<std::size_t>(4 * problem.model.output_size()));
  EXPECT_EQ(carousel_stream_run(stream.get(), 4, problem.x.data(), y.data()), CAROUSEL_OK)
      << carousel_last_error();
  for (const std::int64_t steps : {std::int64_t{-1}, INT64_MAX}) {
    EXPECT_EQ(carousel_network_output_steps(network.get(), 0, steps), 0);
    EXPECT_NE(std::string(carousel_last_error()).find("output_steps: steps is"), std::string::npos);
  }
  EXPECT_EQ(carousel_network_output_steps(network.get(), 1, 4), 0);
}

/// Sizes whose products are no numbers, and frames that no layer has.
TEST(CApiArrays, OfImpossibleSizesAreRefused) {
  float number = 0;
  const auto read = [&](std::vector<carousel_file_axis> axes, std::int64_t steps,
                        std::int64_t batch) {
    expect_failure(carousel_read_frames(axes.data(), axes.size(), steps, batch, &number, &number),
                   CAROUSEL_INVALID_ARGUMENT, "is not possible");
  };
  constexpr std::int64_t kMuch = std::int64_t{1} << 62U;
  read({{CAROUSEL_AXIS_STEPS, 0}, {CAROUSEL_AXIS_BATCH, 0}, {CAROUSEL_AXIS_FEATURES, kMuch}}, 1, 1);
  read({{CAROUSEL_AXIS_STEPS, 0}, {CAROUSEL_AXIS_BATCH, 0}, {CAROUSEL_AXIS_FEATURES, -1}}, 1, 1);
  const carousel_file_axis usual[]{
      {CAROUSEL_AXIS_STEPS, 0}, {CAROUSEL_AXIS_BATCH, 0}, {CAROUSEL_AXIS_FEATURES, 1024}};
  const auto frames = [&](std::size_t axes, std::int64_t steps, std::int64_t batch) {
    float other = 0;
    return carousel_read_frames(usual, axes, steps, batch, &number, &other);
  };
  expect_failure(frames(3, 0, kMuch), CAROUSEL_INVALID_ARGUMENT, "batch is 4611686018427387904");
  expect_failure(frames(3, -1, 1), CAROUSEL_INVALID_ARGUMENT, "steps is -1, but must be in 0..");
  expect_failure(frames(SIZE_MAX, 1, 1), CAROUSEL_INVALID_ARGUMENT,
                 "the count of axes is 18446744073709551615, but must be at most 65536");
  expect_failure(frames(3, std::int64_t{1} << 32U, 1), CAROUSEL_OUT_OF_MEMORY,
                 "4294967296 steps of 1 rows of 1024 features");
  const carousel_file_axis shared[]{{CAROUSEL_AXIS_STEPS_BATCH, 0}, {CAROUSEL_AXIS_FEATURES, 3}};
  const carousel_file_axis apart[]{{CAROUSEL_AXIS_STEPS, 0}, {CAROUSEL_AXIS_BATCH, 0}};
  const std::int64_t few[]{8, 3};
  const std::int64_t many[]{kMuch, kMuch};
  const std::int64_t negative[]{-1, 3};
  carousel_file_array arrays[]{{"a", apart, many, 2, false}, {"b", shared, few, 2, false}};
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  expect_failure(carousel_run_size(arrays, 2, &steps, &batch), CAROUSEL_INVALID_ARGUMENT,
                 "does not fit");
  expect_failure(carousel_run_size(arrays, SIZE_MAX, &steps, &batch), CAROUSEL_INVALID_ARGUMENT,
                 "the count of arrays");
  arrays[0].axis_count = SIZE_MAX;
  expect_failure(carousel_run_size(arrays, 2, &steps, &batch), CAROUSEL_INVALID_ARGUMENT,
                 "the count of the axes of an array");
  arrays[0].axis_count = 2;
  arrays[0].shape = negative;
  expect_failure(carousel_run_size(arrays, 2, &steps, &batch), CAROUSEL_INVALID_ARGUMENT,
                 "no axis is negative");
}

TEST(CApiArrays, ThatOverlapAreRefused) {
  const carousel_file_axis axes[]{
      {CAROUSEL_AXIS_BATCH, 0}, {CAROUSEL_AXIS_STEPS, 0}, {CAROUSEL_AXIS_FEATURES, 2}};
  std::vector<float> memory(23, 1.0F);
  const std::vector<float> before = memory;
  expect_failure(carousel_read_frames(axes, 3, 3, 2, memory.data(), memory.data() + 11),
                 CAROUSEL_INVALID_ARGUMENT, "array and frames overlap");
  expect_failure(carousel_write_frames(axes, 3, 3, 2, memory.data(), memory.data()),
                 CAROUSEL_INVALID_ARGUMENT, "array and frames overlap");
  EXPECT_EQ(memory, before);
  memory.resize(24);
  EXPECT_EQ(carousel_read_frames(axes, 3, 3, 2, memory.data(), memory.data() + 12), CAROUSEL_OK);
}

}  // namespace
}  // namespace carousel::c_api_test
