// SPDX-License-Identifier: Apache-2.0
// Saving networks that are no PyTorch module: any kinds of layers, wired by name.
#include "core/model/formats/model_text.hpp"
#include "loading/saved_models.hpp"

namespace carousel::testing {
namespace {

/// A layer with weights that differ from those of the others.
ModelLayer layer_of(const LayerSpec& spec, const std::string& name,
                    const std::vector<std::string>& inputs = {}) {
  ModelLayer layer{.spec = spec, .name = name, .inputs = inputs};
  for (const WeightRole& role : weight_roles(spec)) {
    if (!role.required) continue;
    const auto start = static_cast<float>(name.size() + role.name.size());
    set_weight(layer, role.name, role.shape, ramp(product(role.shape), start));
  }
  return layer;
}

/// Two dense layers, a skip connection around an LSTM, and two named outputs.
Model branched_model() {
  Model model;
  model.layers = {
      layer_of(DenseSpec{3, 4}, "encoder.in"),
      layer_of(ActivationSpec{{ActivationKind::leaky_relu, 0.2F}, 4}, "encoder.act"),
      layer_of(make_spec(Cell::lstm, 4, 2, Direction::bidirectional), "memory.l0"),
      layer_of(ConcatenateSpec{{4, 4}}, "joined", {"memory.l0", "encoder.act"}),
      layer_of(DenseSpec{8, 1, false}, "fc"),
      layer_of(ActivationSpec{{ActivationKind::softmax}, 4}, "classes", {"memory.l0"}),
  };
  model.outputs = {{"gain", "fc"}, {"class", "classes"}};
  return model;
}

TEST(SaveNetwork, AnyNetworkRoundTrips) {
  const Model model = branched_model();
  const Bytes file = save_bytes(model);
  const Model again = load(file, "again");
  EXPECT_EQ(names_of(again), "encoder.in encoder.act memory.l0 joined fc classes");
  EXPECT_EQ(again.outputs, model.outputs);
  EXPECT_TRUE(again.inputs.empty());
  EXPECT_EQ(again.layers[3].inputs, model.layers[3].inputs);
  expect_same_layers(model, again);
  EXPECT_EQ(save_bytes(again), file);
  EXPECT_EQ(again.metadata.at("carousel.outputs"),
            R"([{"layer":"fc","name":"gain"},{"layer":"classes","name":"class"}])");
  EXPECT_TRUE(contains(again.metadata.at("carousel.layers"),
                       R"({"inputs":["memory.l0","encoder.act"],"kind":"concatenate",)"
                       R"("name":"joined","sizes":[4,4]})"));
}

TEST(SaveNetwork, SeveralInputsRoundTrip) {
  Model model;
  model.inputs = {{"audio", 3, false}, {"speaker", 1, true}};
  model.layers = {layer_of(EmbeddingSpec{5, 2}, "voice", {"speaker"}),
                  layer_of(ConcatenateSpec{{3, 2}}, "both", {"audio", "voice"}),
                  layer_of(make_spec(Cell::gru, 5, 4), "first"),
                  layer_of(make_spec(Cell::rnn, 4, 4), "second")};
  const Model again = load(save_bytes(model), "again");
  EXPECT_EQ(again.metadata.at("carousel.inputs"),
            R"([{"name":"audio","size":3},{"ids":true,"name":"speaker","size":1}])");
  EXPECT_FALSE(again.metadata.contains("carousel.outputs"));
  Model expected = model;
  expected.metadata = again.metadata;
  expect_equal(expected, again);
  EXPECT_EQ(save_bytes(again), save_bytes(model));
}

/// Names that no rule knows are as good as others where shapes leave no doubt.
TEST(SaveNetwork, UnusualNamesNeedNoOptions) {
  const auto saved = [](const char* head) {
    Model model = built_model();
    model.layers.back().name = head;
    const Model again = load(save_bytes(model), "again");
    EXPECT_EQ(names_of(again), std::string("embedding l0 ") + head);
    return again.metadata.contains("carousel.layers");
  };
  EXPECT_FALSE(saved("fc"));
  EXPECT_FALSE(saved("top.0"));
  const Bytes file = save_bytes(branched_model());
  EXPECT_TRUE(contains(load_error(file, {.head = "fc"}),
                       "of this file the metadata 'carousel.layers' tells all"));
}

TEST(SaveNetwork, NamedEndsOfAPlainChainNeedNoLayers) {
  Model model = built_model();
  model.inputs = {{"words", 1, true}};
  model.outputs = {{"tags", "head"}, {"states", "l0"}};
  const Model again = load(save_bytes(model), "again");
  EXPECT_EQ(again.inputs, model.inputs);
  EXPECT_EQ(again.outputs, model.outputs);
  EXPECT_FALSE(again.metadata.contains("carousel.layers"));
  EXPECT_TRUE(contains(
      load_error(
          recurrent_dict({}).metadata(R"({"carousel.outputs":"[{\"name\":\"y\"}]"})").bytes()),
      "metadata 'carousel.outputs': output 0 has no layer"));
  EXPECT_TRUE(contains(
      load_error(recurrent_dict({}).metadata(R"({"carousel.inputs":"[{\"size\":3}]"})").bytes()),
      "metadata 'carousel.inputs': input 0 has no name"));
}

/// The JSON of docs/formats.md is what a file may have.
TEST(SaveNetwork, TheExampleOfTheDocumentationIsANetwork) {
  const Bytes bytes = read_bytes(CAROUSEL_DOCS_DIR "/formats.md");
  const std::string page(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string fence = "```json\n";
  const std::size_t start = page.find(fence) + fence.size();
  Model model;
  model.layers =
      loading::layers_from_text(page.substr(start, page.find("```", start) - start), "formats.md");
  EXPECT_EQ(names_of(model), "encoder encoded memory.l0 both gain voice");
  for (ModelLayer& layer : model.layers) layer = layer_of(layer.spec, layer.name, layer.inputs);
  model.outputs = {{"gain", "gain"}, {"vad", "voice"}};
  const Model again = load(save_bytes(model), "again");
  expect_same_layers(model, again);
  EXPECT_EQ(again.outputs, model.outputs);
}

/// Kinds with fields that are not as usual, each reading what it needs.
std::vector<LayerSpec> all_other_kinds() {
  return {ActivationSpec{{ActivationKind::softmax}, 12, 4},
          ActivationSpec{{ActivationKind::clip, -0.1F, 0.7F}, 12},
          ElementwiseSpec{ElementwiseOperation::power, 5, ElementwiseSpec::Constant::first},
          ElementwiseSpec{ElementwiseOperation::prelu, 5, ElementwiseSpec::Constant::second},
          ConvolutionSpec{.in_channels = 4,
                          .out_channels = 6,
                          .kernel_size = 3,
                          .length = 9,
                          .stride = 2,
                          .dilation = 2,
                          .groups = 2,
                          .pad_begin = 1,
                          .pad_end = 3,
                          .padding = PaddingMode::reflect,
                          .bias = false},
          ConvolutionSpec{.in_channels = 4,
                          .out_channels = 6,
                          .kernel_size = 3,
                          .length = 5,
                          .stride = 2,
                          .transposed = true,
                          .output_padding = 1},
          ConvolutionSpec{.in_channels = 2,
                          .out_channels = 3,
                          .kernel_size = 4,
                          .dilation = 2,
                          .pad_begin = 6,
                          .causal = true},
          NormalizationSpec{12, 4, false, 0.1F, true, false},
          RearrangeSpec{6, {{5, 3, -2}, {-1, 4, 1}, {0, 6, 1}}, 0.1F},
          ReduceFeaturesSpec{ReduceOperation::l2, 12, 3},
          ReduceStepsSpec{ReduceOperation::maximum, 12, true},
          SelectStepsSpec{.size = 4, .first = -1, .end = -5, .stride = -2, .lengths = true},
          RepeatStepsSpec{4, 3}};
}

TEST(SaveNetwork, EveryKindRoundTrips) {
  for (const LayerSpec& spec : all_other_kinds()) {
    SCOPED_TRACE(describe(spec));
    Model model;
    model.layers = {layer_of(spec, "one")};
    const Bytes file = save_bytes(model);
    const Model again = load(file, "again");
    EXPECT_EQ(again.layers[0].spec, spec);
    expect_same_layers(model, again);
    EXPECT_EQ(save_bytes(again), file);
  }
  Model model;
  model.inputs = {{"ids", 1, true}};
  model.layers = {
      layer_of(CastIdsSpec{}, "features"),
      layer_of(ElementwiseSpec{ElementwiseOperation::less, 1}, "both", {"features", "features"})};
  expect_same_layers(model, load(save_bytes(model), "again"));
}

TEST(SaveNetwork, StatesLengthsAndAxesRoundTrip) {
  using Of = FileAxis::Of;
  Model model;
  model.inputs = {
      {.name = "x", .size = 6, .axes = {{Of::batch}, {Of::steps}, {.size = 2}, {.size = 3}}},
      {.name = "h0", .size = 4, .one_step = true, .axes = {{.size = 4}}},
      {.name = "lens", .size = 1, .one_step = true}};
  model.lengths = "lens";
  model.layers = {layer_of(make_spec(Cell::gru, 6, 4), "gru", {"x"})};
  model.layers[0].initial_states = {{"h", "h0"}};
  model.outputs = {{.name = "y", .layer = "gru", .axes = {{Of::steps_batch}, {.size = 4}}},
                   {.name = "hn", .layer = "gru:h"}};
  const Bytes file = save_bytes(model);
  const Model again = load(file, "again");
  EXPECT_EQ(again.inputs, model.inputs);
  EXPECT_EQ(again.outputs, model.outputs);
  EXPECT_EQ(again.lengths, "lens");
  EXPECT_EQ(again.layers[0].initial_states, model.layers[0].initial_states);
  EXPECT_EQ(save_bytes(again), file);
  EXPECT_EQ(again.metadata.at("carousel.outputs"),
            R"([{"axes":["steps_batch",4],"layer":"gru","name":"y"},)"
            R"({"layer":"gru:h","name":"hn"}])");
  model.lengths.clear();
  model.inputs.pop_back();
  EXPECT_FALSE(load(save_bytes(model), "again").metadata.contains("carousel.lengths"));
}

TEST(SaveNetwork, WrongAxesAndRunsAreNamed) {
  const auto error_of = [](const std::string& key, const std::string& text) {
    return load_error(recurrent_dict({}).metadata("{\"" + key + "\":\"" + text + "\"}").bytes());
  };
  EXPECT_TRUE(contains(error_of("carousel.inputs", R"([{\"name\":\"x\",\"axes\":[\"time\"]}])"),
                       "input 0 must have an array of numbers, 'steps', 'batch'"));
  EXPECT_TRUE(contains(
      error_of("carousel.layers", R"([{\"kind\":\"rearrange\",\"input_size\":3,\"runs\":[1,2]}])"),
      "three numbers for each run as runs"));
  EXPECT_TRUE(
      contains(error_of("carousel.layers", R"([{\"kind\":\"cast_ids\",\"initial_states\":[1]}])"),
               "layer 0, initial_states must be an object"));
}

TEST(SaveNetwork, EveryFunctionRoundTrips) {
  for (int k = 0; k <= static_cast<int>(ActivationKind::round); ++k) {
    Model model = built_model();
    const Activation function{static_cast<ActivationKind>(k), 0.25F, 0.75F};
    model.layers.insert(model.layers.begin() + 1, ModelLayer{ActivationSpec{function, 3}});
    const Model again = load(save_bytes(model), "again");
    const auto& found = std::get<ActivationSpec>(again.layers[1].spec);
    EXPECT_TRUE(same_function(found.function, function)) << name(function.kind);
    EXPECT_EQ(save_bytes(again), save_bytes(model));
  }
}

}  // namespace
}  // namespace carousel::testing
