// SPDX-License-Identifier: Apache-2.0
// Files with GRU and plain RNN networks through the commands that take a model.
#include "command_runner.hpp"

#include <carousel/carousel.hpp>
#include <carousel/npy.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>

namespace carousel::cli_test {
namespace {

constexpr std::int64_t kSteps = 6;
constexpr std::int64_t kBatch = 2;
constexpr std::int64_t kInput = 4;
constexpr std::int64_t kHidden = 7;

ModelLayer random_layer(const RecurrentSpec& spec) {
  ModelLayer layer{.spec = spec};
  for (const WeightRole& role : weight_roles(spec)) {
    std::int64_t count = 1;
    for (const std::int64_t size : role.shape) count *= size;
    if (role.required) layer.weights.emplace(role.name, Tensor(role.shape, ramp(count)));
  }
  return layer;
}

struct Kind {
  const char* name;
  Cell cell;
  ActivationKind gate;
};

class CellCommands : public testing::TestWithParam<Kind> {
 protected:
  /// Two layers, both directions; the loader finds out again what it is.
  void SetUp() override {
    RecurrentSpec spec = make_spec(GetParam().cell, kInput, kHidden, Direction::bidirectional);
    for (ActivationSet& set : spec.activations) set[0] = {GetParam().gate};
    model.layers.push_back(random_layer(spec));
    spec.input_size = 2 * kHidden;
    model.layers.push_back(random_layer(spec));
    save(model, file);
  }

  RecurrentSpec& spec() { return std::get<RecurrentSpec>(model.layers[0].spec); }

  TemporaryFolder folder;
  Model model;
  std::string file = folder.file("m.safetensors");
};

TEST_P(CellCommands, LoaderFindsTheSpec) {
  const Model loaded = load(file);
  ASSERT_EQ(loaded.layers.size(), 2U);
  for (std::size_t k = 0; k < 2; ++k) EXPECT_EQ(loaded.layers[k].spec, model.layers[k].spec);
}

TEST_P(CellCommands, RunGivesTheLibrarysBitsAndState) {
  const std::vector<float> x = ramp(kSteps * kBatch * kInput);
  const std::vector<float> h0 = ramp(4 * kBatch * kHidden);
  const std::vector<std::int64_t> state_shape{4, kBatch, kHidden};
  write_npy(folder.file("x.npy"), std::vector<std::int64_t>{kSteps, kBatch, kInput}, x);
  write_npy(folder.file("h.npy"), state_shape, h0);
  Stream stream =
      prepare(model, {.backend = "scalar"}).stream({.batch = kBatch, .max_steps = kSteps});
  std::copy(h0.begin(), h0.end(), stream.state().h.data);
  std::vector<float> y(static_cast<std::size_t>(kSteps * kBatch * 2 * kHidden));
  ASSERT_TRUE(stream.run(steps_first(x.data(), kSteps, kBatch, kInput),
                         steps_first(y.data(), kSteps, kBatch, 2 * kHidden)));
  const CommandResult result = carousel({"run", file, "--input", folder.file("x.npy"), "--output",
                                         folder.file("y.npy"), "--h0", folder.file("h.npy"), "--hn",
                                         folder.file("hn.npy"), "--backend", "scalar"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(read_npy(folder.file("y.npy")).floats("y"), y);
  const float* h = stream.state().h.data;
  EXPECT_EQ(read_npy(folder.file("hn.npy")).shape, state_shape);
  EXPECT_EQ(read_npy(folder.file("hn.npy")).floats("hn"), std::vector<float>(h, h + h0.size()));
}

TEST_P(CellCommands, CellStatesAreRefused) {
  write_npy(folder.file("x.npy"), std::vector<std::int64_t>{kSteps, kBatch, kInput},
            ramp(kSteps * kBatch * kInput));
  const CommandResult result =
      carousel({"run", file, "--input", folder.file("x.npy"), "--output", folder.file("y.npy"),
                "--cn", folder.file("cn.npy"), "--backend", "scalar"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("cell state"), std::string::npos) << result.err;
}

TEST_P(CellCommands, CheckAgreesWhereverItRuns) {
  const CommandResult result = carousel({"check", file, "--steps", "9", "--json"});
  ASSERT_EQ(result.code, 0) << result.out << result.err;
  int ran = 0;
  const auto json = result.json();
  for (const auto& row : json.at("results")) {
    if (row.at("verdict") == "ok") ++ran;
    EXPECT_TRUE(row.at("verdict") == "ok" || !row.at("refusal").get<std::string>().empty()) << row;
  }
  EXPECT_GE(ran, 1);
}

TEST_P(CellCommands, RankFindsAWinner) {
  const CommandResult result =
      carousel({"rank", file, "--steps", "8", "--seconds", "0.1", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_FALSE(result.json().at("winner").get<std::string>().empty());
}

TEST_P(CellCommands, InspectNamesTheLayerAndWhoTakesIt) {
  const CommandResult result = carousel({"inspect", file});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find(describe(model.layers[0].spec)), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("No backend"), std::string::npos) << result.out;
}

TEST_P(CellCommands, InspectTellsTheGeneralPath) {
  const auto layer = [&] {
    const CommandResult result = carousel({"inspect", file, "--backend", "xsimd", "--json"});
    EXPECT_EQ(result.code, 0) << result.err;
    return result.json().at("layers").at(0);
  };
  EXPECT_EQ(layer().at("general_path"), !has_default_activations(spec()));
  spec().clip = 3.0F;
  save(model, file);
  EXPECT_TRUE(layer().at("general_path").get<bool>());
  const CommandResult text = carousel({"inspect", file, "--backend", "xsimd"});
  EXPECT_NE(text.out.find("(general"), std::string::npos);
  const CommandResult scalar = carousel({"inspect", file, "--backend", "scalar"});
  EXPECT_EQ(scalar.out.find("(general"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Cells, CellCommands,
                         testing::Values(Kind{"gru", Cell::gru, ActivationKind::sigmoid},
                                         Kind{"rnn_tanh", Cell::rnn, ActivationKind::tanh},
                                         Kind{"rnn_relu", Cell::rnn, ActivationKind::relu}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace carousel::cli_test
