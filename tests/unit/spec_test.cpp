// SPDX-License-Identifier: Apache-2.0
// What counts as the usual layer, what is refused, and how a layer is called.
#include <carousel/error.hpp>
#include <carousel/precision.hpp>
#include <carousel/spec.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace carousel {
namespace {

RecurrentSpec changed(Cell cell, const std::function<void(RecurrentSpec&)>& change) {
  RecurrentSpec spec = make_spec(cell, 3, 4);
  change(spec);
  return spec;
}

TEST(Spec, DefaultActivationsAreJudgedByWhatTheCellUses) {
  for (const Cell cell : {Cell::lstm, Cell::gru, Cell::rnn, Cell::slstm}) {
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
}

/// The text of the Error that `validate` throws.
std::string refusal(Cell cell, const std::function<void(RecurrentSpec&)>& change) {
  try {
    validate(changed(cell, change));
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

void expect_refusal(const char* words, Cell cell,
                    const std::function<void(RecurrentSpec&)>& change) {
  const std::string text = refusal(cell, change);
  EXPECT_NE(text.find(words), std::string::npos) << "no '" << words << "' in: " << text;
}

TEST(Spec, HeadsDivideTheUnitsOfAnSlstm) {
  for (const std::int64_t heads : {1, 2, 4}) {
    EXPECT_NO_THROW(validate(changed(Cell::slstm, [&](auto& s) { s.heads = heads; })));
  }
  for (const std::int64_t heads : {-1, 0, 3, 8}) {
    expect_refusal("heads is", Cell::slstm, [&](auto& s) { s.heads = heads; });
  }
  expect_refusal("slstm cells only", Cell::lstm, [](auto& s) { s.heads = 2; });
  expect_refusal("clip", Cell::slstm, [](auto& s) { s.clip = 1; });
  expect_refusal("cell_clip", Cell::slstm, [](auto& s) { s.cell_clip = 1; });
  expect_refusal("proj_size", Cell::slstm, [](auto& s) { s.proj_size = 2; });
  expect_refusal("peephole", Cell::slstm, [](auto& s) { s.peephole = true; });
  expect_refusal("layer_norm", Cell::slstm, [](auto& s) { s.layer_norm = true; });
}

TEST(Spec, SlstmHasFourStatesAndBlocksOnADiagonal) {
  const LayerSpec spec = changed(Cell::slstm, [](auto& s) { s.heads = 2; });
  EXPECT_EQ(states(spec), (std::vector<StateSpec>{{"h", 4}, {"c", 4}, {"n", 4}, {"m", 4}}));
  EXPECT_EQ(weight_roles(spec).at(1).shape, (std::vector<std::int64_t>{16, 2}));
  EXPECT_EQ(parameter_count(spec), 16 * (3 + 2 + 2));
  EXPECT_EQ(flops_per_row(spec), 2 * 16 * (3 + 2));
}

TEST(Spec, LayerNormIsForLstmWithoutPeepholes) {
  const auto normalized = [](Cell cell, const auto& change) {
    return refusal(cell, [&](RecurrentSpec& s) {
      s.layer_norm = true;
      change(s);
    });
  };
  EXPECT_EQ(normalized(Cell::lstm,
                       [](RecurrentSpec& s) {
                         s.proj_size = 2;
                         s.coupling = GateCoupling::forget_from_input;
                         s.clip = s.cell_clip = 1;
                       }),
            "(no error)");
  const auto none = [](RecurrentSpec&) {};
  EXPECT_NE(normalized(Cell::gru, none).find("layer_norm"), std::string::npos);
  EXPECT_NE(normalized(Cell::lstm, [](auto& s) { s.peephole = true; }).find("new cell state"),
            std::string::npos);
  for (const float epsilon : {0.0F, -1.0F, std::numeric_limits<float>::infinity()}) {
    EXPECT_NE(normalized(Cell::lstm, [&](auto& s) { s.layer_norm_epsilon = epsilon; })
                  .find("layer_norm_epsilon"),
              std::string::npos);
  }
  const LayerSpec spec = changed(Cell::lstm, [](auto& s) { s.layer_norm = true; });
  EXPECT_EQ(weight_roles(spec).at(4).name, "norm_weight");
  EXPECT_EQ(weight_roles(spec).at(4).shape, std::vector<std::int64_t>{16});
}

TEST(Spec, DescriptionsNameWhatIsUnusual) {
  EXPECT_EQ(describe(changed(Cell::slstm, [](auto& s) { s.heads = 2; })), "sLSTM 3 -> 4, 2 heads");
  EXPECT_EQ(describe(changed(Cell::lstm, [](auto& s) { s.layer_norm = true; })),
            "LSTM 3 -> 4, layer norm");
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

TEST(Spec, EveryKindTellsItsSizes) {
  const LayerSpec lstm = make_spec(Cell::lstm, 3, 4, Direction::bidirectional, 2);
  EXPECT_EQ(input_size(lstm), 3);
  EXPECT_EQ(output_size(lstm), 4);
  EXPECT_TRUE(needs_whole_sequence(lstm));
  EXPECT_EQ(parameter_count(lstm), 2 * (16 * 3 + 16 * 2 + 2 * 16 + 2 * 4));
  EXPECT_EQ(states(lstm),
            (std::vector<StateSpec>{{"h", 2}, {"c", 4}, {"h_reverse", 2}, {"c_reverse", 4}}));
  const LayerSpec embedding = EmbeddingSpec{10, 6};
  EXPECT_TRUE(takes_ids(embedding));
  EXPECT_EQ(input_size(embedding), 1);
  EXPECT_EQ(output_size(embedding), 6);
  EXPECT_EQ(parameter_count(embedding), 60);
  const LayerSpec both = ConcatenateSpec{{2, 5, 1}};
  EXPECT_EQ(input_count(both), 3U);
  EXPECT_EQ(input_size(both, 1), 5);
  EXPECT_EQ(output_size(both), 8);
  EXPECT_TRUE(states(both).empty());
  EXPECT_EQ(parameter_count(DenseSpec{7, 3}), 24);
  EXPECT_EQ(flops_per_row(DenseSpec{7, 3}), 42);
}

TEST(Spec, EveryKindRefusesWhatItCannotBe) {
  EXPECT_THROW(validate(DenseSpec{0, 3}), Error);
  EXPECT_THROW(validate(EmbeddingSpec{0, 3}), Error);
  EXPECT_THROW(validate(ConcatenateSpec{{3}}), Error);
  EXPECT_THROW(validate(ConcatenateSpec{{3, 0}}), Error);
  EXPECT_THROW(validate(ActivationSpec{{ActivationKind::tanh}, 0}), Error);
  EXPECT_NO_THROW(validate(ActivationSpec{{ActivationKind::softmax}, 3}));
  EXPECT_THROW(validate(changed(Cell::lstm,
                                [](auto& s) { s.activations[0][1] = {ActivationKind::softmax}; })),
               Error);
}

TEST(Spec, ErrorsHaveACode) {
  try {
    validate(make_spec(Cell::lstm, 0, 4));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_NE(std::string(error.what()).find("input_size"), std::string::npos);
  }
  for (const Precision precision : precisions()) {
    EXPECT_EQ(precision_by_name(name(precision)), precision);
  }
  try {
    (void)precision_by_name("int4");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    EXPECT_NE(std::string(error.what()).find("'int4'"), std::string::npos);
  }
}

}  // namespace
}  // namespace carousel
