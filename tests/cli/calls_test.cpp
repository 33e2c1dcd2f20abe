// SPDX-License-Identifier: Apache-2.0
// A model that is called once per chunk: what each call is given and where its outputs go. No
// network runs here; a stand-in adds.
#include "calls.hpp"

#include "command_runner.hpp"

#include <carousel/error.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace carousel::cli {
namespace {

using Of = FileAxis::Of;
using Shape = std::vector<std::int64_t>;

/// Input "x" [batch, steps, 2], state "s" [2, batch, 2] of one step.
Model two_inputs() {
  Model model;
  model.inputs = {{.name = "x", .size = 2, .axes = {{Of::batch}, {Of::steps}, {Of::features, 2}}},
                  {.name = "s",
                   .size = 4,
                   .one_step = true,
                   .axes = {{Of::features, 2}, {Of::batch}, {Of::features, 2}}}};
  return model;
}

/// Output "y" [batch, steps, 1] and the state "sN" [1, 2, batch, 2].
const std::vector<NetworkOutput> kOutputs{
    {"y", 1, {{Of::batch}, {Of::steps}, {Of::features, 1}}},
    {"sN", 4, {{Of::features, 1}, {Of::features, 2}, {Of::batch}, {Of::features, 2}}}};

GivenArray given(const std::string& name, Shape shape, std::vector<float> values) {
  return {{name, name + ".npy", "--in " + name + "=" + name + ".npy"},
          {std::move(shape), std::move(values)}};
}

std::vector<float> counting(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t k = 0; k < count; ++k) values[k] = static_cast<float>(k);
  return values;
}

const std::vector<Carry> kCarry{{"sN", "s", "--carry sN=s"}};

/// y = x0 + the sum of the state; the state grows by 1, 2, 3, 4.
void add(std::span<const NamedInput> inputs, std::span<const NamedOutput> outputs) {
  ASSERT_EQ(inputs.size(), 2U);
  const auto& [x, s] = std::pair(inputs[0].x, inputs[1].x);
  for (std::int64_t b = 0; b < x.batch; ++b) {
    float sum = 0;
    for (std::int64_t f = 0; f < 4; ++f) {
      sum += s.row(0, b)[f];
      outputs[1].y.row(0, b)[f] = s.row(0, b)[f] + static_cast<float>(f + 1);
    }
    for (std::int64_t t = 0; t < x.steps; ++t) *outputs[0].y.row(t, b) = *x.row(t, b) + sum;
  }
}

struct Results {
  NpyArray y, state;
};

Results run_and_write(Calls& calls) {
  const cli_test::TemporaryFolder folder;
  const std::vector<NamedFile> files{{"y", folder.file("y"), ""}, {"sN", folder.file("s"), ""}};
  calls.make_outputs(kOutputs, std::vector<std::int64_t>{calls.size().steps, 1}, files);
  calls.run(add);
  OutputFiles writer;
  calls.add_outputs(writer, files);
  writer.write();
  return {read_npy(folder.file("y")), read_npy(folder.file("s"))};
}

TEST(Calls, CarryTheStateFromZeros) {
  // Two calls of one row and two steps.
  Calls calls(two_inputs(), {given("x", {2, 1, 2, 2}, counting(8))}, kCarry);
  EXPECT_EQ(calls.count(), 2);
  EXPECT_EQ(calls.size(), (RunSize{2, 1}));
  EXPECT_EQ(calls.given(), (std::vector<std::string>{"x", "s"}));
  const auto [y, state] = run_and_write(calls);
  EXPECT_EQ(y.shape, (Shape{2, 1, 2, 1}));
  EXPECT_EQ(y.floats("y"), (std::vector<float>{0, 2, 4 + 10, 6 + 10}));
  EXPECT_EQ(state.shape, (Shape{2, 1, 2, 1, 2}));
  EXPECT_EQ(state.floats("s"), (std::vector<float>{1, 2, 3, 4, 2, 4, 6, 8}));
}

TEST(Calls, BeginWithTheStateThatIsGiven) {
  // Two rows: the state's array has row 0 at 0, 1, 4, 5.
  Calls calls(two_inputs(),
              {given("x", {2, 2, 1, 2}, counting(8)), given("s", {2, 2, 2}, counting(8))}, kCarry);
  const auto [y, state] = run_and_write(calls);
  EXPECT_EQ(y.floats("y"), (std::vector<float>{0 + 10, 2 + 18, 4 + 20, 6 + 28}));
  EXPECT_EQ(std::vector(state.floats("s").begin(), state.floats("s").begin() + 8),
            (std::vector<float>{1, 3, 3, 5, 7, 9, 9, 11}));
}

TEST(Calls, OfNoneWriteArraysWithoutElements) {
  Calls calls(two_inputs(), {given("x", {0, 1, 2, 2}, {})}, kCarry);
  const auto [y, state] = run_and_write(calls);
  EXPECT_EQ(y.shape, (Shape{0, 1, 2, 1}));
  EXPECT_EQ(state.shape, (Shape{0, 1, 2, 1, 2}));
}

TEST(Calls, TellTheLoaderTheShapesOfOne) {
  const std::vector<GivenArray> arrays{given("x", {2, 1, 2, 2}, counting(8)),
                                       given("s", {2, 1, 2}, counting(4))};
  const std::map<std::string, Shape> expected{{"s", {2, 1, 2}}, {"x", {1, 2, 2}}};
  EXPECT_EQ(call_shapes(arrays, kCarry), expected);
  EXPECT_EQ(call_shapes(arrays, {}).at("s"), (Shape{1, 2}));
}

void expect_error(const std::function<void()>& work, const std::string& text) {
  try {
    work();
    ADD_FAILURE() << "no error: " << text;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(Calls, NameWhatDoesNotFit) {
  const auto make = [](std::vector<GivenArray> arrays, const std::vector<Carry>& carry) {
    return [arrays = std::move(arrays), carry] { Calls(two_inputs(), arrays, carry); };
  };
  const GivenArray x = given("x", {2, 1, 2, 2}, counting(8));
  expect_error(make({x, given("s", {3, 2, 1, 2}, counting(12))}, {}),
               "--in s=s.npy: axis 0 (calls) is 3, but --in x=x.npy has 2 calls");
  expect_error(make({given("s", {2, 1, 2}, counting(4))}, kCarry),
               "an input that is not carried has to say how many");
  expect_error(make({x}, {{"sN", "t", "--carry sN=t"}}),
               "--carry sN=t: the network has no input 't'; there is x, s");
  expect_error(make({x}, {kCarry[0], kCarry[0]}), "input 's' is carried twice");
  expect_error(make({given("x", {2, 1, 2, 3}, counting(12))}, kCarry),
               "--in x=x.npy: axis 2 (2) is 3; expected [batch, steps, 2], found [1, 2, 3]");
  const auto connect = [&](const std::string& output) {
    return [&, output] {
      Calls calls(two_inputs(), {x}, {{output, "s", "--carry " + output + "=s"}});
      calls.make_outputs(kOutputs, std::vector<std::int64_t>{2, 1}, {});
    };
  };
  expect_error(connect("y"), "--carry y=s: output 'y' is [1, 2, 1], but input 's' is [2, 1, 2]");
  expect_error(connect("z"), "--carry z=s: the network has no output 'z'; there is y, sN");
}

}  // namespace
}  // namespace carousel::cli
