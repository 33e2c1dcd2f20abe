// SPDX-License-Identifier: Apache-2.0
// Weights in other forms than PyTorch's plain modules have: cells, weight normalization, weight
// dropout. Numbers are those of NumPy: g * v / np.linalg.norm(v, axis=1, keepdims=True).
#include "same_layers.hpp"

namespace carousel::testing {
namespace {

const std::vector<float> kDirectionHh{0.5F, -1.25F, 2.0F, 0.75F};
const std::vector<float> kMagnitudeHh{1.5F, -0.3F};
const std::vector<float> kWeightHh{0.557086051F, -1.3927151F, -0.28089878F, -0.105337039F};
const std::vector<float> kDirectionIh{0.1F, 0.2F, -0.3F, 4.0F, -5.0F, 6.0F};
const std::vector<float> kMagnitudeIh{2.0F, 0.25F};
const std::vector<float> kWeightIh{0.534522414F, 1.06904483F,  -1.60356736F,
                                   0.113960579F, -0.14245072F, 0.170940861F};

TestTensor floats(const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
  return {"F32", shape, raw(values)};
}

/// A plain RNN 3 -> 2 whose matrices are missing.
StateDict without_matrices(const std::string& prefix) {
  StateDict dict = recurrent_dict({.prefix = prefix, .gates = 1});
  return dict.remove(prefix + "weight_ih_l0").remove(prefix + "weight_hh_l0");
}

void expect_near(const std::vector<float>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) EXPECT_NEAR(found[k], expected[k], 2e-7) << k;
}

void expect_normalized(const StateDict& dict) {
  const Model model = load(dict.bytes(), "good");
  ASSERT_EQ(names_of(model), "net.rnn.l0");
  expect_near(weight(model.layers[0], "weight_ih"), kWeightIh);
  expect_near(weight(model.layers[0], "weight_hh"), kWeightHh);
}

TEST(WeightForms, WeightNormIsComputed) {
  const std::string p = "net.rnn.";
  expect_normalized(without_matrices(p)
                        .add(p + "weight_ih_l0_g", floats({2, 1}, kMagnitudeIh))
                        .add(p + "weight_ih_l0_v", floats({2, 3}, kDirectionIh))
                        .add(p + "weight_hh_l0_g", floats({2, 1}, kMagnitudeHh))
                        .add(p + "weight_hh_l0_v", floats({2, 2}, kDirectionHh)));
}

TEST(WeightForms, ParametrizationsAreComputed) {
  const std::string p = "net.rnn.parametrizations.weight_";
  expect_normalized(without_matrices("net.rnn.")
                        .add(p + "ih_l0.original0", floats({2, 1}, kMagnitudeIh))
                        .add(p + "ih_l0.original1", floats({2, 3}, kDirectionIh))
                        .add(p + "hh_l0.original0", floats({2, 1}, kMagnitudeHh))
                        .add(p + "hh_l0.original1", floats({2, 2}, kDirectionHh)));
}

TEST(WeightForms, ANormalizedHead) {
  StateDict dict = recurrent_dict({.gates = 1});
  dict.add("fc.weight_g", floats({2, 1}, kMagnitudeHh));
  dict.add("fc.weight_v", floats({2, 2}, kDirectionHh)).add("fc.bias", {2});
  const Model model = load(dict.bytes(), "good");
  ASSERT_EQ(names_of(model), "lstm.l0 fc");
  expect_near(weight(model.layers[1], "weight"), kWeightHh);
}

TEST(WeightForms, AModuleWithoutPrefixIsComputed) {
  StateDict dict = recurrent_dict({.prefix = "", .gates = 1}).remove("weight_hh_l0");
  dict.add("parametrizations.weight_hh_l0.original0", floats({2, 1}, kMagnitudeHh));
  dict.add("parametrizations.weight_hh_l0.original1", floats({2, 2}, kDirectionHh));
  expect_near(weight(load(dict.bytes(), "good").layers.at(0), "weight_hh"), kWeightHh);
}

TEST(WeightForms, WeightNormIsForEachRow) {
  StateDict dict = recurrent_dict({.gates = 1}).remove("lstm.weight_hh_l0");
  dict.add("lstm.weight_hh_l0_g", {1, 2}).add("lstm.weight_hh_l0_v", {2, 2});
  EXPECT_EQ(load_error(dict.bytes()),
            "bad.safetensors: tensor 'lstm.weight_hh_l0_g' has shape [1, 2]; weight normalization "
            "of 'lstm.weight_hh_l0_v', [2, 2], is supported for each row (dim = 0), which needs "
            "[2, 1]");
  dict.add("lstm.weight_hh_l0_g", {"I32", {2, 1}, Bytes(8)});
  EXPECT_TRUE(contains(load_error(dict.bytes()), "tensor 'lstm.weight_hh_l0_g' has dtype I32"));
}

/// Half of a pair is a tensor like any other.
TEST(WeightForms, DirectionsWithoutMagnitudesAreUnexpected) {
  EXPECT_TRUE(contains(load_error(recurrent_dict({}).add("fc.weight_v", {2, 2}).bytes()),
                       "unexpected tensor 'fc.weight_v'"));
}

/// What is dropped from is the weight; a copy beside it was dropped from.
TEST(WeightForms, RawWeightsOfWeightDropAreTaken) {
  for (const char* inner : {"", "module."}) {
    for (const bool copy : {false, true}) {
      const std::string plain = "rnn." + std::string(inner);
      StateDict dict = recurrent_dict({.prefix = plain, .gates = 1});
      if (!copy) dict.remove(plain + "weight_hh_l0");
      dict.add("rnn.weight_hh_l0_raw", floats({2, 2}, kWeightHh));
      const Model model = load(dict.bytes(), "good");
      EXPECT_EQ(names_of(model), plain + "l0");
      EXPECT_EQ(weight(model.layers.at(0), "weight_hh"), kWeightHh) << inner << copy;
    }
  }
}

TEST(WeightForms, RawWeightsInsideTheWrappedModule) {
  StateDict dict = recurrent_dict({.prefix = "rnns.0.module.", .gates = 1});
  dict.remove("rnns.0.module.weight_hh_l0");
  dict.add("rnns.0.module.weight_hh_l0_raw", floats({2, 2}, kWeightHh));
  EXPECT_EQ(weight(load(dict.bytes(), "good").layers.at(0), "weight_hh"), kWeightHh);
}

TEST(WeightForms, RawWeightsMustHaveTheShapeOfTheirCopies) {
  StateDict dict = recurrent_dict({.gates = 1}).add("lstm.weight_hh_l0_raw", {4, 1});
  EXPECT_EQ(load_error(dict.bytes()),
            "bad.safetensors: tensor 'lstm.weight_hh_l0_raw' has shape [4, 1]; expected that of "
            "'lstm.weight_hh_l0', [2, 2]");
}

/// What PyTorch's LSTMCell (4 gates), GRUCell (3) or RNNCell (1) has.
StateDict cell_dict(StateDict dict, const std::string& prefix, std::int64_t gates,
                    std::int64_t input, std::int64_t hidden) {
  dict.add(prefix + "weight_ih", {gates * hidden, input});
  dict.add(prefix + "weight_hh", {gates * hidden, hidden});
  return dict.add(prefix + "bias_ih", {gates * hidden}).add(prefix + "bias_hh", {gates * hidden});
}

TEST(WeightForms, CellsAreModulesOfOneLayer) {
  for (const std::string prefix : {"", "cell.", "l0.", "net.decoder."}) {
    for (const std::int64_t gates : {4, 3, 1}) {
      const Model cell = load(cell_dict({}, prefix, gates, 3, 2).bytes(), "good");
      EXPECT_EQ(names_of(cell), prefix + "l0");
      expect_same_layers(
          cell, load(recurrent_dict({.prefix = prefix, .gates = gates}).bytes(), "module"));
    }
  }
}

TEST(WeightForms, CellsInARow) {
  const auto two = [](const std::string& a, const std::string& b) {
    return cell_dict(cell_dict({}, a, 4, 3, 2), b, 4, 2, 5);
  };
  EXPECT_EQ(names_of(load(two("cell1.", "cell2.").bytes(), "good")), "cell1.l0 cell2.l0");
  EXPECT_EQ(names_of(load(two("cells.0.", "cells.1.").bytes(), "good")), "cells.0.l0 cells.1.l0");
  StateDict with_head = two("cells.0.", "cells.1.");
  with_head.add("out.weight", {7, 5}).add("out.bias", {7});
  EXPECT_EQ(names_of(load(with_head.bytes(), "good")), "cells.0.l0 cells.1.l0 out");
}

TEST(WeightForms, CellsAndNormalizedWeightsInJson) {
  const Model model = load(to_bytes(R"({"cell.weight_ih":[[0.5]],"cell.bias_ih":[0],)"
                                    R"("cell.bias_hh":[0],"cell.weight_hh_g":[[-3]],)"
                                    R"("cell.weight_hh_v":[[0.25]]})"),
                           "model.json");
  EXPECT_EQ(names_of(model), "cell.l0");
  EXPECT_EQ(weight(model.layers[0], "weight_hh"), std::vector<float>{-3.0F});
}

TEST(WeightForms, ErrorsNameTheFilesTensors) {
  StateDict dict = cell_dict({}, "cell.", 4, 3, 2).add("cell.bias_ih", {7});
  EXPECT_EQ(load_error(dict.bytes()),
            "bad.safetensors: tensor 'cell.bias_ih_l0' (in the file 'cell.bias_ih') has shape [7]; "
            "expected [8]");
}

}  // namespace
}  // namespace carousel::testing
