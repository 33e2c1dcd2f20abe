// SPDX-License-Identifier: Apache-2.0
// Arrays in a file's own order of axes: which shapes fit, and where each element goes.
#include <carousel/file_axes.hpp>

#include <gtest/gtest.h>

#include <numeric>

namespace carousel {
namespace {

using Of = FileAxis::Of;
using Axes = std::vector<FileAxis>;
using Shape = std::vector<std::int64_t>;

const Axes kStepsFirst{{Of::steps}, {Of::batch}, {Of::features, 3}};
const Axes kBatchFirst{{Of::batch}, {Of::steps}, {Of::features, 3}};

/// What `run_size` has against these arrays; "" for nothing.
std::string refusal(const std::vector<FileArray>& arrays) {
  try {
    (void)run_size(arrays);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return error.what();
  }
}

void expect_refusal(const std::vector<FileArray>& arrays, const std::string& text) {
  EXPECT_EQ(refusal(arrays), text);
}

TEST(FileAxes, AreStepsFirstWhereAFileHasNone) {
  EXPECT_EQ(file_axes({}, 3), kStepsFirst);
  EXPECT_EQ(file_axes({}, 1, true), (Axes{{Of::steps}, {Of::batch}}));
  EXPECT_EQ(file_axes(kBatchFirst, 3), kBatchFirst);
  EXPECT_EQ(axes_text(kBatchFirst), "[batch, steps, 3]");
  EXPECT_EQ(axes_text(Axes{{Of::steps_batch}, {Of::features, 2}}), "[steps*batch, 2]");
  EXPECT_EQ(frame_size(Axes{{Of::features, 2}, {Of::batch}, {Of::features, 5}}), 10);
}

TEST(FileAxes, ShapesFollowFromStepsAndRows) {
  EXPECT_EQ(file_shape(kBatchFirst, {5, 2}), (Shape{2, 5, 3}));
  EXPECT_EQ(file_shape(Axes{{Of::batch_steps}, {Of::features, 3}}, {5, 2}), (Shape{10, 3}));
  EXPECT_EQ(file_shape(Axes{{Of::features, 3}}, {1, 1}), (Shape{3}));
  try {
    (void)file_shape(Axes{{Of::batch}, {Of::features, 3}}, {5, 2});
    FAIL() << "five steps have no axis";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "an array [batch, 3] has no axis for 5 steps");
  }
}

TEST(FileAxes, OfStepsOrRowsMustBeOne) {
  const auto refusal_of = [](const Axes& axes) -> std::string {
    try {
      (void)file_layout(axes, {2, 2});
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      return error.what();
    }
  };
  EXPECT_EQ(refusal_of({{Of::steps}, {Of::batch}, {Of::steps}}),
            "an array [steps, batch, steps] has 2 axes for the steps, but may have one");
  EXPECT_EQ(refusal_of({{Of::batch}, {Of::steps}, {Of::batch}}),
            "an array [batch, steps, batch] has 2 axes for the rows, but may have one");
  EXPECT_EQ(refusal_of({{Of::steps_batch}, {Of::batch}}),
            "an array [steps*batch, batch] has 2 axes for the rows, but may have one");
}

TEST(RunSize, IsWhatArraysAgreeOn) {
  const FileArray x{"x", kBatchFirst, {2, 5, 3}};
  const FileArray h{"h", {{Of::features, 4}, {Of::batch}, {Of::features, 8}}, {4, 2, 8}, true};
  const FileArray lengths{"n", {{Of::batch}}, {2}, true};
  EXPECT_EQ(run_size(std::vector{x, h, lengths}), (RunSize{5, 2}));
  EXPECT_EQ(run_size(std::vector{h}), (RunSize{1, 2}));
  EXPECT_EQ(run_size({}), (RunSize{1, 1}));
}

TEST(RunSize, OfAxesThatStepsAndRowsShare) {
  const FileArray flat{"flat", {{Of::batch_steps}, {Of::features, 3}}, {10, 3}};
  const FileArray rows{"rows", {{Of::batch}}, {2}, true};
  const FileArray steps{"steps", {{Of::steps}, {Of::batch}}, {5, 2}};
  EXPECT_EQ(run_size(std::vector{flat}), (RunSize{10, 1}));
  EXPECT_EQ(run_size(std::vector{flat, rows}), (RunSize{5, 2}));
  EXPECT_EQ(run_size(std::vector{flat, steps}), (RunSize{5, 2}));
  const FileArray none{"none", {{Of::steps_batch}, {Of::features, 3}}, {0, 3}};
  EXPECT_EQ(run_size(std::vector{none}), (RunSize{0, 1}));
  const FileArray three{"three", {{Of::batch}}, {3}, true};
  expect_refusal({flat, three},
                 "flat: axis 0 (batch*steps) is 10, which does not fit 3 rows (three); expected "
                 "[batch*steps, 3], found [10, 3]");
}

TEST(RunSize, HasLimits) {
  const std::int64_t huge = std::int64_t{1} << 62U;
  expect_refusal({{"x", {{Of::steps}}, {huge}}},
                 "steps of the arrays: their number is 4611686018427387904, but must be in "
                 "0..4294967296");
  expect_refusal({{"x", {{Of::batch}}, {huge}}},
                 "rows of the arrays: their number is 4611686018427387904, but must be in "
                 "0..16777216");
}

TEST(RunSize, NamesArrayAxisExpectedAndFound) {
  const FileArray x{"x", kBatchFirst, {2, 5, 3}};
  expect_refusal({{"x", kBatchFirst, {5, 3}}},
                 "x: has 2 axes, but must have 3; expected [batch, steps, 3], found [5, 3]");
  expect_refusal({{"x", kBatchFirst, {2, 5, 4}}},
                 "x: axis 2 (3) is 4; expected [batch, steps, 3], found [2, 5, 4]");
  expect_refusal({x, {"z", kBatchFirst, {2, 6, 3}}},
                 "z: axis 1 (steps) is 6, but x has 5 steps; expected [batch, steps, 3], found "
                 "[2, 6, 3]");
  expect_refusal({x, {"z", kStepsFirst, {5, 4, 3}}},
                 "z: axis 1 (batch) is 4, but x has 2 rows; expected [steps, batch, 3], found "
                 "[5, 4, 3]");
  expect_refusal({x, {"h", {{Of::steps}, {Of::features, 1}}, {5, 1}}},
                 "h: has no axis for the rows, so that it has one, but x has 2 rows; expected "
                 "[steps, 1], found [5, 1]");
  expect_refusal({x, {"h", {{Of::batch}, {Of::features, 1}}, {2, 1}}},
                 "h: has no axis for the steps, so that it has one, but x has 5 steps; expected "
                 "[batch, 1], found [2, 1]");
  expect_refusal({{"h", kStepsFirst, {5, 2, 3}, true}},
                 "h: axis 0 (steps) is 5, but there is a single step of it; expected "
                 "[steps, batch, 3], found [5, 2, 3]");
}

/// Element k of an array is k: where it goes is what it is.
std::vector<float> numbered(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 0.0F);
  return values;
}

std::vector<float> frames_of(const Axes& axes, const RunSize& size) {
  const std::int64_t features = frame_size(axes);
  const std::vector<float> array = numbered(size.steps * size.batch * features);
  std::vector<float> frames(array.size());
  const auto view = steps_first(frames.data(), size.steps, size.batch, features);
  const FileLayout layout = file_layout(axes, size);
  read_frames(layout, array.data(), view);
  std::vector<float> back(array.size());
  write_frames<float>(layout, view, back.data());
  EXPECT_EQ(back, array);
  return frames;
}

TEST(FileLayout, PutsElementsInTheirFrames) {
  EXPECT_EQ(frames_of(kStepsFirst, {2, 2}), numbered(12));
  EXPECT_EQ(frames_of(kBatchFirst, {2, 2}),
            (std::vector<float>{0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11}));
  // [batch, 2 channels, steps]
  EXPECT_EQ(frames_of({{Of::batch}, {Of::features, 2}, {Of::steps}}, {3, 1}),
            (std::vector<float>{0, 3, 1, 4, 2, 5}));
  // [2 layers, batch, 2 units]
  EXPECT_EQ(frames_of({{Of::features, 2}, {Of::batch}, {Of::features, 2}}, {1, 2}),
            (std::vector<float>{0, 1, 4, 5, 2, 3, 6, 7}));
  EXPECT_EQ(frames_of({{Of::steps_batch}, {Of::features, 1}}, {2, 3}),
            (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(frames_of({{Of::batch_steps}, {Of::features, 1}}, {2, 3}),
            (std::vector<float>{0, 2, 4, 1, 3, 5}));
}

TEST(FileLayout, ViewsWholeFramesInPlace) {
  const RunSize size{4, 2};
  const std::vector<float> array = numbered(24);
  const FileLayout layout = file_layout(kBatchFirst, size);
  ASSERT_TRUE(layout.has_whole_frames());
  const SequenceView<const float> view = file_view(layout, array.data(), size);
  EXPECT_EQ(view.steps, 4);
  EXPECT_EQ(view.batch, 2);
  EXPECT_EQ(view.features, 3);
  EXPECT_EQ(*view.row(3, 1), 21.0F);
  EXPECT_FALSE(
      file_layout(Axes{{Of::batch}, {Of::features, 2}, {Of::steps}}, size).has_whole_frames());
}

}  // namespace
}  // namespace carousel
