// SPDX-License-Identifier: Apache-2.0
// Layers wired by name: what is refused, where sequences stand, and that a network with branches
// computes what its layers do one by one.
#include "core/model/wiring.hpp"
#include "core/engine/buffers.hpp"
#include "unit/sample.hpp"

#include <carousel/stream.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace carousel::testing_support {
namespace {

/// Two inputs, a skip connection around an LSTM, and two outputs.
Model branched() {
  Model model;
  model.inputs = {{"features", 3, false}, {"speaker", 1, true}};
  model.layers = {
      named_layer(EmbeddingSpec{5, 2}, "table", {"speaker"}),
      named_layer(ConcatenateSpec{{3, 2}}, "joined", {"features", "table"}),
      named_layer(make_spec(Cell::lstm, 5, 4), "lstm"),
      named_layer(ConcatenateSpec{{4, 3}}, "skip", {"lstm", "features"}),
      named_layer(DenseSpec{7, 2}, "gains"),
      named_layer(ActivationSpec{{ActivationKind::sigmoid}, 2}, "squashed"),
      named_layer(DenseSpec{4, 1}, "vad", {"lstm"}),
  };
  model.outputs = {{"probability", "vad"}, {"gain", "squashed"}};
  return model;
}

TEST(Wiring, ResolvesNames) {
  const Wiring wiring = resolve_wiring(branched());
  using Of = Source::Of;
  EXPECT_EQ(wiring.sources[0].front(), (Source{Of::model_input, 1}));
  EXPECT_EQ(wiring.sources[2].front(), (Source{Of::layer, 1})) << "the layer before it";
  EXPECT_EQ(wiring.sources[6].front(), (Source{Of::layer, 2}));
  EXPECT_EQ(wiring.outputs, (std::vector<Source>{{Of::layer, 6}, {Of::layer, 5}}));
  EXPECT_FALSE(wiring.whole_sequence);
}

TEST(Wiring, RefusalsNameLayerAndRule) {
  struct Spoil {
    const char* text;
    std::function<void(Model&)> how;
  };
  const std::vector<Spoil> ways{
      {"no layer, final state or input has that name",
       [](Model& m) { m.layers[6].inputs = {"nobody"}; }},
      {"no layer, final state or input has that name",
       [](Model& m) { m.layers[6].inputs = {"lstm:m"}; }},
      {"has no state 'm'",
       [](Model& m) {
         m.layers[2].initial_states = {{"m", "table"}};
       }},
      {"cannot begin as 'table' of size 2",
       [](Model& m) {
         m.layers[2].initial_states = {{"h", "table"}};
       }},
      {"must have one feature", [](Model& m) { m.lengths = "features"; }},
      {"runs before 'vad', which gives the lengths", [](Model& m) { m.lengths = "vad"; }},
      {"does not run before it", [](Model& m) { m.layers[2].inputs = {"gains"}; }},
      {"does not run before it", [](Model& m) { m.layers[2].inputs = {"lstm"}; }},
      {"stands for several", [](Model& m) { m.layers[4].name = "lstm"; }},
      {"stands for several", [](Model& m) { m.layers[4].name = "features"; }},
      {"has 1 inputs, but needs 2", [](Model& m) { m.layers[3].inputs = {"lstm"}; }},
      {"input_size must be 3", [](Model& m) { m.layers[6].inputs = {"features"}; }},
      {"is given ids", [](Model& m) { m.layers[6].inputs = {"speaker"}; }},
      {"takes ids", [](Model& m) { m.layers[0].inputs = {"features"}; }},
      {"no layer, final state or input has that name",
       [](Model& m) { m.outputs[0].layer = "nobody"; }},
      {"is the input of ids", [](Model& m) { m.outputs[0].layer = "speaker"; }},
      {"two outputs have the name", [](Model& m) { m.outputs[0].name = "gain"; }},
  };
  for (const Spoil& way : ways) {
    Model model = branched();
    way.how(model);
    try {
      validate(model);
      ADD_FAILURE() << way.text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(way.text), std::string::npos) << error.what();
    }
  }
}

TEST(Wiring, NamelessLayersGetNames) {
  Model model;
  model.layers = {{EmbeddingSpec{5, 2}}, {make_spec(Cell::gru, 2, 3)}, {make_spec(Cell::gru, 3, 3)},
                  {DenseSpec{3, 3}},     {ActivationSpec{{}, 3}},      {DenseSpec{3, 2}}};
  model.layers[2].name = "l0";
  EXPECT_EQ(layer_names(model),
            (std::vector<std::string>{"embedding", "l1", "l0", "head", "activation", "head2"}));
  EXPECT_EQ(model_inputs(model), (std::vector<ModelInput>{{"ids", 1, true}}));
  EXPECT_EQ(model_outputs(model), (std::vector<ModelOutput>{{"y", "head2"}}));
}

/// In a time that grows with their number: trying all names for each would take minutes.
TEST(Wiring, ManyNamelessLayersGetNames) {
  Model model;
  for (int k = 0; k < 50'000; ++k) model.layers.push_back({ActivationSpec{{}, 3}});
  EXPECT_EQ(layer_names(model).back(), "activation50000");
}

TEST(Buffers, AChainNeedsTwo) {
  Model model;
  for (int k = 0; k < 5; ++k) model.layers.push_back({make_spec(Cell::gru, 3, 3)});
  model.layers.push_back({ActivationSpec{{}, 3}});
  const detail::BufferPlan plan = detail::plan_buffers(model, resolve_wiring(model));
  EXPECT_EQ(plan.buffer_count, 2U);
  EXPECT_EQ(plan.writes[4].in, detail::Place::In::model_output) << "the activation is in place";
  EXPECT_EQ(plan.writes[5].in, detail::Place::In::model_output);
}

/// No layer writes to a buffer whose value somebody reads later.
TEST(Buffers, AreNotTakenBeforeTheirLastReader) {
  const Model model = branched();
  const Wiring wiring = resolve_wiring(model);
  const detail::BufferPlan plan = detail::plan_buffers(model, wiring);
  for (std::size_t reader = 0; reader < model.layers.size(); ++reader) {
    for (const Source& source : wiring.sources[reader]) {
      if (source.of != Source::Of::layer) continue;
      const detail::Place& place = plan.writes[source.index];
      for (std::size_t k = source.index + 1; k < reader; ++k) {
        EXPECT_FALSE(plan.writes[k].in == place.in && plan.writes[k].index == place.index)
            << "layer " << k << " overwrites what layer " << reader << " reads";
      }
    }
  }
}

/// y of one layer alone, from zero state.
std::vector<float> run_alone(const ModelLayer& layer, const std::vector<float>& x,
                             std::int64_t steps, std::int64_t batch) {
  ModelLayer alone = layer;
  alone.inputs.clear();
  const Network network = prepare(alone, {.backend = "scalar"});
  Stream stream = network.stream({.batch = batch, .max_steps = steps});
  return run_dense(stream, x, steps, batch, network).y;
}

TEST(Wiring, ABranchedNetworkComputesWhatItsLayersDo) {
  constexpr std::int64_t kSteps = 5;
  constexpr std::int64_t kBatch = 2;
  const Model model = branched();
  std::vector<float> x(kSteps * kBatch * 3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) * 0.3F - 1.0F;
  const std::vector<std::int32_t> ids{0, 4, 1, 1, 2, 3, 3, 0, 4, 2};

  const auto join = [](const std::vector<float>& a, std::size_t wa, const std::vector<float>& b,
                       std::size_t wb) {
    std::vector<float> both;
    for (std::size_t r = 0; r < a.size() / wa; ++r) {
      const auto row = static_cast<std::ptrdiff_t>(r);
      const auto w1 = static_cast<std::ptrdiff_t>(wa);
      const auto w2 = static_cast<std::ptrdiff_t>(wb);
      both.insert(both.end(), a.begin() + row * w1, a.begin() + (row + 1) * w1);
      both.insert(both.end(), b.begin() + row * w2, b.begin() + (row + 1) * w2);
    }
    return both;
  };
  std::vector<float> looked_up;
  for (const std::int32_t id : ids) {
    const auto table = model.layers[0].weights.at("weight").floats();
    looked_up.push_back(table[static_cast<std::size_t>(2 * id)]);
    looked_up.push_back(table[static_cast<std::size_t>(2 * id + 1)]);
  }
  const std::vector<float> lstm =
      run_alone(model.layers[2], join(x, 3, looked_up, 2), kSteps, kBatch);
  const std::vector<float> dense = run_alone(model.layers[4], join(lstm, 4, x, 3), kSteps, kBatch);
  const std::vector<float> gains = run_alone(model.layers[5], dense, kSteps, kBatch);
  const std::vector<float> vad = run_alone(model.layers[6], lstm, kSteps, kBatch);

  const Network network = prepare(model, {.backend = "scalar"});
  Stream stream = network.stream({.batch = kBatch, .max_steps = 2});  // in chunks
  std::vector<float> found_vad(vad.size()), found_gains(gains.size());
  const std::vector<NamedInput> inputs{
      {.name = "speaker", .ids = steps_first(ids.data(), kSteps, kBatch, 1)},
      {.name = "features", .x = steps_first<const float>(x.data(), kSteps, kBatch, 3)}};
  const std::vector<NamedOutput> outputs{
      {"gain", steps_first(found_gains.data(), kSteps, kBatch, 2)},
      {"probability", steps_first(found_vad.data(), kSteps, kBatch, 1)}};
  const Status status = stream.run(inputs, outputs);
  ASSERT_TRUE(static_cast<bool>(status)) << status.message();
  EXPECT_EQ(found_vad, vad);
  EXPECT_EQ(found_gains, gains);

  EXPECT_FALSE(stream.run(steps_first<const float>(x.data(), kSteps, kBatch, 3),
                          steps_first(found_vad.data(), kSteps, kBatch, 1)));
  EXPECT_FALSE(stream.run(std::span(inputs).first(1), outputs));
  EXPECT_TRUE(stream.run(inputs, std::span(outputs).first(1))) << "outputs may be left out";
}

}  // namespace
}  // namespace carousel::testing_support
