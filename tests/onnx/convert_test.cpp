// SPDX-License-Identifier: Apache-2.0
// Written files: every kind of network there and back, the graph's inputs and outputs, refusals.
#include "core/verify/conformance/problem.hpp"
#include "loading/files_of_bytes.hpp"
#include "onnx/network_case.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <set>

#include <onnx_schema.pb.h>

#include "core/model/formats/onnx/load_onnx.hpp"

namespace carousel::onnx_test {
namespace {

namespace schema = onnx_schema;
using testing::contains;
using testing::error_of;

std::string layers_of(const conformance::Case& c) {
  std::string text = std::to_string(c.vocabulary);
  for (const LayerSpec& spec : conformance::layer_specs(c)) {
    text += '|' + describe(spec);
    for (const ActivationSet& set : spec.activations) {
      for (const Activation& one : set) text += ' ' + std::to_string(one.alpha + 2 * one.beta);
    }
  }
  return text;
}

/// Every network of the conformance suite that is not too large, once.
const std::vector<NetworkCase>& all_kinds() {
  static const std::vector<NetworkCase> all = [] {
    std::vector<NetworkCase> found;
    std::set<std::string> seen;
    for (conformance::Case c : conformance::cases()) {
      const bool usual = c.weights == conformance::Weights::usual;
      if (!usual || c.hidden > 40 || c.input > 40 || !seen.insert(layers_of(c)).second) continue;
      c.steps = 4;
      c.batch = 2;
      c.lengths = conformance::Lengths::random;
      c.inputs = conformance::Inputs::usual;
      conformance::Problem problem = conformance::make_problem(c);
      std::ranges::replace(problem.ids, -1, 0);
      found.push_back({.name = c.name(),
                       .model = std::move(problem.model),
                       .steps = c.steps,
                       .batch = c.batch,
                       .x = std::move(problem.x),
                       .ids = std::move(problem.ids),
                       .lengths = std::move(problem.lengths)});
    }
    return found;
  }();
  return all;
}

/// LSTM 3 -> 2, and a GRU 4 -> 5 on both of its directions that uses everything ONNX has for it.
Model mixed_model() {
  Model model;
  ModelLayer& first = model.layers.emplace_back();
  first.spec = make_spec(Cell::lstm, 3, 2, Direction::bidirectional);
  first.spec.activations[1][1] = {ActivationKind::scaled_tanh, -0.0F, 0.1F};
  first.spec.clip = 0.1F;
  for (DirectionWeights& weights : first.directions) {
    weights.weight_ih = testing::ramp(24, -3.0F);
    weights.weight_hh = testing::ramp(16, -0.0F);
    weights.bias_ih = testing::ramp(8, 0.25F);
    weights.bias_hh = std::vector<float>(8, -0.0F);
  }
  first.directions[1].initial_h = {-0.0F, 0.0F};
  first.directions[0].initial_c = {0.3F, -1.0F};
  ModelLayer& second = model.layers.emplace_back();
  second.spec = make_spec(Cell::gru, 4, 5, Direction::reverse, 0, false);
  second.spec.linear_before_reset = false;
  second.directions[0].weight_ih = testing::ramp(60, -9.0F);
  second.directions[0].weight_hh = testing::ramp(75, -1.0F);
  model.tail = Tail::log_softmax;
  model.metadata = {{"alphabet", "ä\n"}, {"onnx.output", "of another file"}};
  model.names = {"net.rnn.", "", ""};
  return model;
}

NetworkCase mixed_case() {
  return {.name = "mixed",
          .model = mixed_model(),
          .steps = 3,
          .batch = 2,
          .x = testing::ramp(18, -1.0F)};
}

schema::ModelProto written(const Model& model, const SaveOnnxOptions& options = {}) {
  const testing::Bytes bytes = loading::to_onnx(model, options);
  schema::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return proto;
}

template <class Values>
std::string names_of(const Values& values) {
  std::string names;
  for (const schema::ValueInfoProto& value : values) {
    names += (names.empty() ? "" : ", ") + value.name() + " [";
    for (const auto& size : value.type().tensor_type().shape().dim()) {
      if (names.back() != '[') names += ", ";
      names += size.has_dim_param() ? size.dim_param() : std::to_string(size.dim_value());
    }
    names += "]";
  }
  return names;
}

TEST(Convert, EveryKindOfNetwork) {
  int expressed = 0;
  for (const NetworkCase& c : all_kinds()) expressed += expect_converts(c) ? 1 : 0;
  std::printf("%zu networks as safetensors and back, %d of them as ONNX and back\n",
              all_kinds().size(), expressed);
  EXPECT_GE(all_kinds().size(), 150U);
  EXPECT_GE(expressed, 110);
}

TEST(Convert, LayersThatDifferAndSignsOfZero) {
  ASSERT_TRUE(expect_converts(mixed_case()));
  const Model again = load(loading::to_onnx(mixed_model(), {}), "again.onnx");
  EXPECT_EQ(again.names.prefix, "net.rnn.");
  EXPECT_EQ(again.metadata.at("alphabet"), "ä\n");
  EXPECT_EQ(again.metadata.at("onnx.output"), "y [steps, batch, 5]");
  EXPECT_TRUE(std::signbit(again.layers[0].directions[1].initial_h[0]));
  EXPECT_TRUE(again.layers[0].directions[0].initial_h.empty());
}

TEST(Convert, GraphSaysWhatItTakesAndGives) {
  const schema::ModelProto plain = written(mixed_model());
  EXPECT_EQ(names_of(plain.graph().input()), "x [steps, batch, 3]");
  EXPECT_EQ(names_of(plain.graph().output()), "y [steps, batch, 5]");
  Model fresh = mixed_model();
  for (DirectionWeights& weights : fresh.layers[0].directions) {
    weights.initial_h.clear();
    weights.initial_c.clear();
  }
  const schema::ModelProto streaming = written(fresh, {.lengths = true, .states = true});
  EXPECT_EQ(names_of(streaming.graph().input()),
            "x [steps, batch, 3], lengths [batch], h0_l0 [2, batch, 2], c0_l0 [2, batch, 2], "
            "h0_l1 [1, batch, 5]");
  EXPECT_EQ(names_of(streaming.graph().output()),
            "y [steps, batch, 5], hn_l0 [2, batch, 2], cn_l0 [2, batch, 2], hn_l1 [1, batch, 5]");
  NetworkCase c = mixed_case();
  c.model = load(loading::to_onnx(fresh, {.lengths = true, .states = true}), "streaming.onnx");
  EXPECT_TRUE(expect_converts(c));
}

TEST(Convert, RefusesByName) {
  const auto error = [](const std::function<void(Model&)>& change, const SaveOnnxOptions& options) {
    Model model = mixed_model();
    change(model);
    return error_of([&] { static_cast<void>(loading::to_onnx(model, options)); });
  };
  EXPECT_TRUE(contains(error([](Model& m) { m.layers[0].spec.cell_clip = 3; }, {}),
                       "ONNX clips the gates only, not the cell state"));
  EXPECT_TRUE(contains(
      error([](Model& m) { m.layers[0].spec.coupling = GateCoupling::input_from_forget; }, {}),
      "layer 0 (LSTM 3 -> 2, bidirectional, i = 1 - f"));
  EXPECT_TRUE(contains(error([](Model& m) { m.layers[1].spec.precision = Precision::int8; }, {}),
                       "layer 1 (GRU 4 -> 5, reverse, no bias, reset before linear, int8) cannot "
                       "be saved as ONNX: ONNX files are written in float32 only"));
  EXPECT_TRUE(contains(error([](Model&) {}, {.states = true}), "its initial state was learned"));
  EXPECT_TRUE(contains(error([](Model& m) { m.layers[1].directions[0].weight_ih.pop_back(); }, {}),
                       "weight_ih must have shape [15, 4]"));
}

TEST(Convert, WritesWholeFilesOnly) {
  const testing::TemporaryFolder folder;
  save_onnx(mixed_model(), folder / "m.onnx");
  EXPECT_EQ(testing::read_bytes(folder / "m.onnx"), loading::to_onnx(mixed_model(), {}));
  Model bad = mixed_model();
  bad.layers[0].spec.cell_clip = 1;
  EXPECT_THROW(save_onnx(bad, folder / "m.onnx"), Error);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"m.onnx"});
  EXPECT_EQ(testing::read_bytes(folder / "m.onnx"), loading::to_onnx(mixed_model(), {}));
  EXPECT_TRUE(contains(error_of([&] { save(mixed_model(), folder / "n.ONNX"); }),
                       "save writes safetensors; save_onnx writes ONNX"));
}

TEST(Convert, PassesOnnxsChecker) {
  const std::string python = CAROUSEL_ONNX_PYTHON;
  if (python.empty()) GTEST_SKIP() << "needs Debian's python3-onnx";
  const testing::TemporaryFolder folder;
  int count = 0;
  const auto add = [&](const Model& model, const SaveOnnxOptions& options) {
    testing::write_bytes(folder / (std::to_string(count++) + ".onnx"),
                         loading::to_onnx(model, options));
  };
  for (const NetworkCase& c : all_kinds()) {
    try {
      add(c.model, {});
      add(c.model, {.lengths = true, .states = true});
    } catch (const Error& error) {
      EXPECT_TRUE(contains(error.what(), " cannot be saved as ONNX: "));
    }
  }
  add(mixed_model(), {});
  const std::string command =
      python + " " CAROUSEL_ONNX_TEST_DIR "/check_models.py " + (folder / "").string();
  EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe): no other thread
  EXPECT_GE(count, 200);
}

}  // namespace
}  // namespace carousel::onnx_test
