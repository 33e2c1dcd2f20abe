// SPDX-License-Identifier: Apache-2.0
// A clip beyond which sigmoid and tanh do not change: no bit depends on it, and no backend has to
// have it.
#include "core/model/plain_cell.hpp"
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace carousel::testing_support {
namespace {

/// A layer whose pre-activations reach from small ones to thousands, on both sides.
Model wild(RecurrentSpec spec) {
  Model model;
  model.layers.push_back(named_layer(spec, "wild"));
  Tensor& weight = model.layers[0].weights.at("weight_ih");
  std::vector<float> values = weight.to_float32();
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] *= std::pow(10.0F, static_cast<float>(i % 5));
  }
  weight = Tensor(weight.shape(), values);
  return model;
}

Answer answer_of(const RecurrentSpec& spec, const std::string& id) {
  constexpr std::int64_t kSteps = 40;
  constexpr std::int64_t kRows = 3;
  const Network network = prepare(wild(spec), {.backend = id, .batch = kRows, .steps = kSteps});
  Stream stream = network.stream({.batch = kRows, .max_steps = kSteps});
  std::vector<float> x(static_cast<std::size_t>(kSteps * kRows * spec.input_size));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  return run_dense(stream, x, kSteps, kRows, network);
}

std::vector<RecurrentSpec> clippable() {
  std::vector<RecurrentSpec> list{make_spec(Cell::lstm, 5, 19), make_spec(Cell::gru, 5, 19),
                                  make_spec(Cell::rnn, 5, 19),
                                  make_spec(Cell::lstm, 5, 19, Direction::bidirectional)};
  list.push_back(make_spec(Cell::gru, 5, 19));
  list.back().linear_before_reset = false;
  // The general path of xsimd, which clips if it is told so.
  list.push_back(make_spec(Cell::lstm, 5, 19));
  list.back().peephole = true;
  return list;
}

TEST(IdleClip, ChangesNoBitOnAnyBackend) {
  for (const std::string& id : runnable_ids()) {
    for (RecurrentSpec spec : clippable()) {
      const Backend& backend = *select_backends(id).front();
      if (!backend.supports(spec, Precision::float32)) continue;
      const Answer without = answer_of(spec, id);
      for (const float clip : {kIdleClip, 100.0F, 9999.0F}) {
        spec.clip = clip;
        ASSERT_TRUE(backend.supports(spec, Precision::float32)) << id << ", " << describe(spec);
        EXPECT_EQ(answer_of(spec, id), without) << id << ", " << describe(spec);
      }
    }
  }
}

/// The test above would not see a clip if no pre-activation were beyond it.
TEST(IdleClip, ClipsBelowItChangeBits) {
  RecurrentSpec spec = make_spec(Cell::lstm, 5, 19);
  const Answer without = answer_of(spec, "scalar");
  spec.clip = 80.0F;  // an output gate of 2e-35 instead of 0
  EXPECT_NE(answer_of(spec, "scalar"), without);
  EXPECT_GT(kIdleClip, 87.34F) << "where sigmoid's result is a denormal number";
}

TEST(IdleClip, LeavesACellPlain) {
  for (RecurrentSpec spec : clippable()) {
    const bool plain = !spec.peephole;
    for (const float clip : {0.0F, kIdleClip, 100.0F}) {
      spec.clip = clip;
      EXPECT_FALSE(clips_gates(spec)) << clip;
      EXPECT_EQ(is_plain_cell(spec), plain) << describe(spec);
      EXPECT_EQ(std::get<RecurrentSpec>(without_idle_clip(spec)).clip, 0.0F);
    }
    spec.clip = std::nextafter(kIdleClip, 0.0F);
    EXPECT_TRUE(clips_gates(spec));
    EXPECT_FALSE(is_plain_cell(spec));
    EXPECT_EQ(without_idle_clip(spec), LayerSpec(spec));
  }
}

/// Functions without limits, of any gate in any direction, see every clip; what becomes of an
/// LSTM's cell state is not clipped.
TEST(IdleClip, NeedsFunctionsThatSaturate) {
  for (const std::size_t direction : {0U, 1U}) {
    RecurrentSpec spec = make_spec(Cell::lstm, 5, 19, Direction::bidirectional);
    spec.clip = 100.0F;
    spec.activations.at(direction)[2] = {ActivationKind::relu};
    EXPECT_FALSE(clips_gates(spec));
    spec.activations.at(direction)[1] = {ActivationKind::relu};
    EXPECT_TRUE(clips_gates(spec));
  }
  RecurrentSpec rnn = make_spec(Cell::rnn, 5, 19);
  rnn.clip = 100.0F;
  EXPECT_FALSE(clips_gates(rnn));
  rnn.activations[0][0] = {ActivationKind::relu};
  EXPECT_TRUE(clips_gates(rnn));
}

}  // namespace
}  // namespace carousel::testing_support
