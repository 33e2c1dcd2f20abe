// SPDX-License-Identifier: Apache-2.0
// What counts as the usual layer, what is refused, and how a layer is called.
#include <carousel/error.hpp>
#include <carousel/spec.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace carousel {
namespace {

LayerSpec changed(Cell cell, const std::function<void(LayerSpec&)>& change) {
  LayerSpec spec = make_spec(cell, 3, 4);
  change(spec);
  return spec;
}

TEST(Spec, DefaultActivationsAreJudgedByWhatTheCellUses) {
  for (const Cell cell : {Cell::lstm, Cell::gru, Cell::rnn, Cell::linear}) {
    EXPECT_TRUE(has_default_activations(make_spec(cell, 3, 4)));
  }
  const auto is_default = [](Cell cell, const auto& change) {
    return has_default_activations(changed(cell, change));
  };
  const Activation relu{ActivationKind::relu};
  EXPECT_TRUE(is_default(Cell::gru, [&](auto& s) { s.activations[0][2] = relu; }));
  EXPECT_FALSE(is_default(Cell::gru, [&](auto& s) { s.activations[0][1] = relu; }));
  EXPECT_FALSE(is_default(Cell::lstm, [&](auto& s) { s.activations[0][2] = relu; }));
  EXPECT_TRUE(is_default(Cell::rnn, [&](auto& s) { s.activations[1][0] = relu; }));
  EXPECT_FALSE(is_default(Cell::rnn, [&](auto& s) {
    s.direction = Direction::bidirectional;
    s.activations[1][0] = relu;
  }));
  // sigmoid has no alpha
  EXPECT_TRUE(is_default(Cell::lstm, [](auto& s) { s.activations[0][0].alpha = 0.5F; }));
}

TEST(Spec, ParametersCountWhereTheFunctionHasThem) {
  EXPECT_TRUE(same_function({ActivationKind::tanh, 1, 2}, {ActivationKind::tanh}));
  EXPECT_FALSE(same_function({ActivationKind::tanh}, {ActivationKind::relu}));
  EXPECT_FALSE(same_function({ActivationKind::elu, 1}, {ActivationKind::elu, 2}));
  EXPECT_TRUE(same_function({ActivationKind::elu, 1, 5}, {ActivationKind::elu, 1}));
  EXPECT_FALSE(same_function({ActivationKind::affine, 1, 5}, {ActivationKind::affine, 1}));
}

TEST(Spec, ParametersMustBeFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THROW(validate(changed(Cell::rnn, [&](auto& s) { s.activations[0][0].alpha = infinity; })),
               Error);
  EXPECT_NO_THROW(
      validate(changed(Cell::rnn, [&](auto& s) { s.activations[0][1].alpha = infinity; })));
}

TEST(Spec, VariantsAreForTheirCells) {
  EXPECT_THROW(validate(changed(Cell::gru, [](auto& s) { s.peephole = true; })), Error);
  EXPECT_THROW(validate(changed(Cell::rnn, [](auto& s) { s.cell_clip = 1; })), Error);
  EXPECT_THROW(validate(changed(Cell::gru, [](auto& s) { s.proj_size = 2; })), Error);
  EXPECT_NO_THROW(validate(changed(Cell::gru, [](auto& s) { s.clip = 1; })));
  EXPECT_THROW(validate(changed(Cell::linear, [](auto& s) { s.clip = 1; })), Error);
}

TEST(Spec, DescriptionsNameWhatIsUnusual) {
  EXPECT_EQ(describe(make_spec(Cell::gru, 3, 4)), "GRU 3 -> 4");
  EXPECT_EQ(describe(changed(Cell::gru, [](auto& s) { s.linear_before_reset = false; })),
            "GRU 3 -> 4, reset before linear");
  EXPECT_EQ(describe(changed(Cell::rnn,
                             [](auto& s) {
                               s.direction = Direction::bidirectional;
                               s.activations[1][0] = {ActivationKind::relu};
                             })),
            "RNN 3 -> 4, bidirectional, activations Tanh / Relu");
}

}  // namespace
}  // namespace carousel
