// SPDX-License-Identifier: Apache-2.0
// Arrays on their way into a run: kinds of numbers, orders of axes, and doubts about them.
#include "command_runner.hpp"
#include "own_order.hpp"
#include "run_arrays.hpp"

#include <carousel/error.hpp>

#include <gtest/gtest.h>

namespace carousel::cli {
namespace {

using Of = FileAxis::Of;
using Integers = std::vector<std::int64_t>;

const std::vector<FileAxis> kBatchFirst{{Of::batch}, {Of::steps}, {Of::features, 2}};

Model batch_first_model() {
  Model model;
  model.inputs = {
      {.name = "x", .size = 2, .axes = kBatchFirst},
      {.name = "n", .size = 1, .one_step = true, .axes = {{Of::batch}}},
  };
  return model;
}

GivenArray named(const std::string& name, NpyArray array) {
  return {{name, name + ".npy", "--in " + name + "=" + name + ".npy"}, std::move(array)};
}

GivenArray unnamed(NpyArray array) {
  return {{"", "x.npy", "--input x.npy", false}, std::move(array)};
}

std::string error_of(std::vector<GivenArray> arrays, bool batch_first = false) {
  try {
    (void)RunInputs(batch_first_model(), std::move(arrays), batch_first);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

const NpyArray kX{{2, 3, 2}, cli_test::ramp(12)};

TEST(RunInputs, ByNameAreInTheFilesOwnOrder) {
  RunInputs inputs(batch_first_model(), {named("n", {{2}, Integers{3, 1}}), named("x", kX)}, false);
  EXPECT_EQ(inputs.size(), (RunSize{3, 2}));
  EXPECT_EQ(inputs.names(), (std::vector<std::string>{"x", "n"}));
  const NamedInput x = inputs.arrays()[0].view();
  EXPECT_EQ(x.x.row(2, 1)[1], kX.floats("x")[11]);
  EXPECT_EQ(x.x.row(2, 0)[0], kX.floats("x")[4]);
  const NamedInput lengths = inputs.arrays()[1].view();
  EXPECT_EQ(*lengths.x.row(0, 0), 3.0F);
  EXPECT_EQ(*lengths.x.row(0, 1), 1.0F);
  EXPECT_EQ(lengths.x.steps, 1);
}

TEST(RunInputs, WithoutANameAreStepsFirst) {
  RunInputs inputs(batch_first_model(), {unnamed(kX)}, false);
  EXPECT_EQ(inputs.size(), (RunSize{2, 3}));
  EXPECT_EQ(inputs.arrays().front().view().x.row(1, 2)[1], kX.floats("x")[11]);
  EXPECT_EQ(RunInputs(batch_first_model(), {unnamed(kX)}, true).size(), (RunSize{3, 2}));
  EXPECT_FALSE(RunInputs(batch_first_model(), {unnamed({{6, 2}, cli_test::ramp(12)})}, false)
                   .order()
                   .batched);
}

TEST(RunInputs, NameWhatIsWrong) {
  EXPECT_EQ(error_of({named("x", kX), named("n", {{3}, Integers{1, 1, 1}})}),
            "--in n=n.npy: axis 0 (batch) is 3, but --in x=x.npy has 2 rows; expected [batch], "
            "found [3]");
  EXPECT_EQ(error_of({named("z", kX)}),
            "--in z=z.npy: the network has no input 'z'; there is x, n");
  EXPECT_EQ(error_of({named("x", kX)}, true),
            "--batch-first: --in x=x.npy has the file's own order of axes, [batch, steps, 2]");
  EXPECT_EQ(error_of({named("n", {{2}, Integers{1, (1 << 24) + 1}})}),
            "--in n=n.npy: 16777217 (element 1) is no float32; the input takes these");
}

/// Else the input would be read in one order and the output written in another.
TEST(RunOutputs, InTheFilesOwnOrderAreNotBatchFirst) {
  Model model;
  model.inputs = {{.name = "x", .size = 2}};
  model.layers = {cli_test::dense_layer("dense", 2, 3)};
  model.outputs = {{.name = "y", .layer = "dense", .axes = kBatchFirst}};
  model.outputs.front().axes[2].size = 3;
  const Network network = prepare(model, {.backend = "scalar"});
  const std::vector<NamedFile> files{{"y", "y.npy", "--out y=y.npy"}};
  try {
    (void)make_outputs(network, files, {5, 2}, {.batched = true, .batch_first = true});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "--batch-first: --out y=y.npy has the file's own order of axes, [batch, steps, 3]");
  }
}

TEST(RunInputs, ThatOnlyFitTheFilesOrderSaySo) {
  Model model = batch_first_model();
  model.inputs.front().axes = {{Of::batch}, {Of::features, 2}, {Of::steps}};
  try {
    (void)RunInputs(model, {unnamed({{1, 2, 7}, cli_test::ramp(14)})}, false);
    FAIL() << "7 features";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "--input x.npy: expected floats [steps, batch, 2] or [steps, 2], found floats "
                 "[1, 2, 7]; the file's own order is [batch, 2, steps]: give --in x=FILE");
  }
}

TEST(Elements, IntegersBecomeFloatsWhereThatIsExact) {
  const ModelInput input{.name = "mask", .size = 1};
  const auto floats = [&](Integers values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return elements_of(input, {{count}, std::move(values)}, 0, "mask").floats;
  };
  EXPECT_EQ(floats({0, 1, -5, 1 << 24, std::int64_t{1} << 62}),
            (std::vector<float>{0, 1, -5, 16777216, 4611686018427387904.0F}));
  EXPECT_THROW((void)floats({std::numeric_limits<std::int64_t>::max()}), Error);
  EXPECT_EQ(floats({std::numeric_limits<std::int64_t>::min()}).front(), -9223372036854775808.0F);
  const ModelInput ids{.name = "ids", .size = 1, .ids = true};
  EXPECT_THROW((void)elements_of(ids, {{1}, std::vector<float>{1}}, 5, "ids"), Error);
  EXPECT_THROW((void)elements_of(ids, {{1}, Integers{5}}, 5, "ids"), Error);
  EXPECT_EQ(elements_of(ids, {{1}, Integers{-7}}, 0, "ids").ids.front(), -7);
}

std::string warning(const std::vector<FileAxis>& axes, const std::vector<std::int64_t>& shape) {
  return own_order_warning({"m.onnx", "x.npy", "y.npy", "x", "y"},
                           {.name = "x", .size = 2, .axes = axes}, shape);
}

TEST(OwnOrder, IsMentionedWhereItFitsToo) {
  EXPECT_EQ(
      warning(kBatchFirst, {3, 20, 2}),
      "x.npy [3, 20, 2] was taken as [steps, batch, 2], 3 steps of 20 rows; by the file's own "
      "order [batch, steps, 2] it is 20 steps of 3 rows. Say which one it is:\n"
      "  own order    carousel run m.onnx --in x=x.npy --out y=y.npy\n"
      "  steps first  carousel run m.onnx --input x.npy --output y.npy --steps-first");
  EXPECT_NE(warning(kBatchFirst, {1, 20, 2}), "");
  EXPECT_NE(warning(kBatchFirst, {4, 4, 2}), "");
}

TEST(OwnOrder, IsNotMentionedWithoutDoubt) {
  EXPECT_EQ(warning(kBatchFirst, {20, 1, 2}), "");
  EXPECT_EQ(warning(kBatchFirst, {20, 2}), "");
  EXPECT_EQ(warning({{Of::steps}, {Of::batch}, {Of::features, 2}}, {3, 20, 2}), "");
  EXPECT_EQ(warning({}, {3, 20, 2}), "");
  EXPECT_EQ(warning({{Of::batch}, {Of::features, 2}, {Of::steps}}, {3, 20, 2}), "");
}

}  // namespace
}  // namespace carousel::cli
