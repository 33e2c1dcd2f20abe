// SPDX-License-Identifier: Apache-2.0
// Written files: every kind of network there and back, the graph's inputs and outputs, refusals.
#include "core/verify/conformance/network_builder.hpp"
#include "core/verify/conformance/problem.hpp"
#include "loading/files_of_bytes.hpp"
#include "loading/saved_models.hpp"
#include "onnx/network_case.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <set>

#include <onnx_schema.pb.h>

#include "core/model/formats/onnx/load_onnx.hpp"
#include "core/model/formats/state_dict.hpp"
#include "core/model/stored_weights.hpp"

namespace carousel::onnx_test {
namespace {

namespace schema = onnx_schema;
using testing::contains;
using testing::error_of;

std::string layers_of(const conformance::Case& c) {
  std::string text = std::to_string(c.vocabulary) + std::to_string(static_cast<int>(c.topology));
  for (const LayerSpec& spec : conformance::layer_specs(c)) {
    text += '|' + describe(spec);
    const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
    if (recurrent == nullptr) continue;
    for (const ActivationSet& set : recurrent->activations) {
      for (const Activation& one : set) text += ' ' + std::to_string(one.alpha + 2 * one.beta);
    }
  }
  return text;
}

/// Whether a layer of the case is of a kind, or has a function, that is none of a recurrent cell's.
bool has_other_kinds(const conformance::Case& c) {
  return std::ranges::any_of(conformance::layer_specs(c), [](const LayerSpec& spec) {
    if (spec.index() > LayerSpec(ConcatenateSpec()).index()) return true;
    const auto* activation = std::get_if<ActivationSpec>(&spec);
    return activation != nullptr &&
           (activation->group != 0 || activation->function.kind > ActivationKind::log_softmax);
  });
}

/// Models of the conformance suite with layers around the recurrent ones, or with wired states,
/// each once.
const std::vector<Model>& other_models() {
  static const std::vector<Model> all = [] {
    std::vector<Model> found;
    std::set<std::string> seen;
    for (const conformance::Case& c : conformance::cases()) {
      if (!c.model && !has_other_kinds(c)) continue;
      Model model = conformance::make_problem(c).model;
      if (seen.insert(c.label + layers_of(c)).second) found.push_back(std::move(model));
    }
    return found;
  }();
  return all;
}

/// Every network of the conformance suite that is not too large, once, but for those.
const std::vector<NetworkCase>& all_kinds() {
  static const std::vector<NetworkCase> all = [] {
    std::vector<NetworkCase> found;
    std::set<std::string> seen;
    for (conformance::Case c : conformance::cases()) {
      const bool usual = c.weights == conformance::Weights::usual;
      if (c.model || has_other_kinds(c)) continue;
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

TEST(Convert, OtherKindsAsSafetensors) {
  for (const Model& model : other_models()) {
    const testing::Bytes file = testing::save_bytes(model);
    const Model again = load(file, "again.safetensors");
    SCOPED_TRACE(describe(model.layers.back().spec));
    testing::expect_same_layers(model, again);
    EXPECT_EQ(again.inputs, model.inputs);
    EXPECT_EQ(again.outputs, model.outputs);
    EXPECT_EQ(again.lengths, model.lengths);
    EXPECT_EQ(testing::save_bytes(again), file);
  }
  EXPECT_GE(other_models().size(), 150U);
}

/// LSTM 3 -> 2, and a GRU 4 -> 5 on both of its directions that uses everything ONNX has for it.
Model mixed_model() {
  using testing::ramp;
  using testing::set_weight;
  Model model;
  RecurrentSpec lstm = make_spec(Cell::lstm, 3, 2, Direction::bidirectional);
  lstm.activations[1][1] = {ActivationKind::scaled_tanh, -0.0F, 0.1F};
  lstm.clip = 0.1F;
  ModelLayer& first = model.layers.emplace_back(ModelLayer{lstm});
  first.name = "net.rnn.l0";
  for (std::size_t d = 0; d < 2; ++d) {
    set_weight(first, in_direction("weight_ih", d), {8, 3}, ramp(24, -3.0F));
    set_weight(first, in_direction("weight_hh", d), {8, 2}, ramp(16, -0.0F));
    set_weight(first, in_direction("bias_ih", d), {8}, ramp(8, 0.25F));
    set_weight(first, in_direction("bias_hh", d), {8}, std::vector<float>(8, -0.0F));
  }
  set_weight(first, "initial_h_reverse", {2}, {-0.0F, 0.0F});
  set_weight(first, "initial_c", {2}, {0.3F, -1.0F});
  RecurrentSpec gru = make_spec(Cell::gru, 4, 5, Direction::reverse, 0, false);
  gru.linear_before_reset = false;
  ModelLayer& second = model.layers.emplace_back(ModelLayer{gru});
  second.name = "net.rnn.l1";
  set_weight(second, "weight_ih", {15, 4}, ramp(60, -9.0F));
  set_weight(second, "weight_hh", {15, 5}, ramp(75, -1.0F));
  model.layers.push_back({.spec = ActivationSpec{{ActivationKind::log_softmax}, 5}});
  model.metadata = {{"alphabet", "ä\n"}};
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

/// The model with its matrices rounded to what the precision stores.
Model stored_in(const Model& model, Precision precision) {
  return store_weights(model, std::vector<Precision>(model.layers.size(), precision));
}

/// Every kind of layer with matrices, around a recurrent one of two directions.
Model matrices_of_every_kind() {
  conformance::NetworkBuilder builder(6);
  builder.add(DenseSpec{6, 8}, "dense");
  builder.add(ConvolutionSpec{
      .in_channels = 2, .out_channels = 3, .kernel_size = 2, .length = 4, .pad_end = 1});
  builder.add(ConvolutionSpec{.in_channels = 12, .out_channels = 5, .kernel_size = 3});
  builder.add(make_spec(Cell::gru, 5, 4, Direction::bidirectional));
  builder.add(DenseSpec{8, 3, false}, "head");
  return conformance::make_problem(builder.done("onnx", "matrices")).model;
}

/// The initializers of that type, each of which a Cast makes floats of before anything else reads
/// it.
int cast_initializers(const schema::ModelProto& proto, int type) {
  int count = 0;
  for (const schema::TensorProto& tensor : proto.graph().initializer()) {
    if (tensor.data_type() != type) continue;
    ++count;
    for (const schema::NodeProto& node : proto.graph().node()) {
      if (std::ranges::count(node.input(), tensor.name()) == 0) continue;
      EXPECT_EQ(node.op_type(), "Cast") << tensor.name();
      EXPECT_EQ(node.attribute(0).i(), schema::TensorProto::FLOAT);
    }
  }
  return count;
}

TEST(Convert, FloatsOf16BitsStayAsTheyAre) {
  for (const auto& [precision, type] :
       {std::pair{Precision::float16, schema::TensorProto::FLOAT16},
        std::pair{Precision::bfloat16, schema::TensorProto::BFLOAT16}}) {
    SCOPED_TRACE(name(precision));
    const Model model = stored_in(matrices_of_every_kind(), precision);
    EXPECT_EQ(cast_initializers(written(model), type), 6) << "one of each layer, two of the GRU";
    testing::expect_same_layers(load(loading::to_onnx(model, {}), "again.onnx"), model);
    NetworkCase c = mixed_case();
    c.model = stored_in(c.model, precision);
    EXPECT_TRUE(expect_converts(c));
  }
}

/// All weights of a file may be in 16 bits, and its directions in different types.
TEST(Convert, OtherWeightsIn16BitsToo) {
  Model model = stored_in(matrices_of_every_kind(), Precision::float16);
  for (ModelLayer& layer : model.layers) {
    for (auto& [role, weight] : layer.weights) {
      if (weight.dtype() == DType::float16) continue;
      std::vector<std::byte> halves(weight.bytes().size() / 2);
      weight = Tensor(DType::float16, weight.shape(), std::move(halves));
    }
  }
  testing::expect_same_layers(load(loading::to_onnx(model, {}), "again.onnx"), model);
  Tensor& reverse = model.layers[3].weights.at("weight_ih_reverse");
  reverse = Tensor(reverse.shape(), reverse.to_float32());
  const Model mixed = load(loading::to_onnx(model, {}), "mixed.onnx");
  EXPECT_EQ(mixed.layers[3].weights.at("weight_ih").dtype(), DType::float32);
  testing::expect_same_layers(testing::in_float32(mixed), testing::in_float32(model));
}

TEST(Convert, LayersThatDifferAndSignsOfZero) {
  ASSERT_TRUE(expect_converts(mixed_case()));
  const Model again = load(loading::to_onnx(mixed_model(), {}), "again.onnx");
  EXPECT_EQ(testing::names_of(again), "net.rnn.l0 net.rnn.l1 activation");
  EXPECT_EQ(again.metadata.at("alphabet"), "ä\n");
  EXPECT_TRUE(std::signbit(testing::weight(again.layers[0], "initial_h_reverse")[0]));
  EXPECT_EQ(find_weight(again.layers[0].weights, "initial_h"), nullptr);
}

/// Layers that ONNX has no operator for come back as several: outputs must not be looked for by the
/// names or numbers of the layers that were written.
TEST(Convert, OutputsAreWhatTheGraphGives) {
  conformance::NetworkBuilder builder(4);
  builder.add(NormalizationSpec{.size = 4}).add(DenseSpec{4, 3}, "dense");
  builder.add(ActivationSpec{{ActivationKind::hard_swish}, 3}, "gate");
  builder.model().outputs = {{"gate", "gate"}, {"sums", "dense"}};
  NetworkCase c{.name = "several layers of one",
                .model = conformance::make_problem(builder.done("onnx", "written")).model,
                .steps = 3,
                .batch = 2};
  for (int k = 0; k < 3 * 2 * 4; ++k) c.x.push_back(static_cast<float>(k % 7) - 2.5F);
  const Results before = run(c, "scalar");
  c.model = load(loading::to_onnx(c.model, {}), "again.onnx");
  const Results after = run(c, "scalar");
  ASSERT_EQ(before.y.size(), after.y.size());
  for (std::size_t k = 0; k < before.y.size(); ++k) EXPECT_NEAR(before.y[k], after.y[k], 1e-5);
}

TEST(Convert, GraphSaysWhatItTakesAndGives) {
  const schema::ModelProto plain = written(mixed_model());
  EXPECT_EQ(names_of(plain.graph().input()), "x [steps, batch, 3]");
  EXPECT_EQ(names_of(plain.graph().output()), "y [steps, batch, 5]");
  Model fresh = mixed_model();
  fresh.layers[0].weights.erase("initial_h_reverse");
  fresh.layers[0].weights.erase("initial_c");
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
  EXPECT_TRUE(contains(error([](Model& m) { testing::recurrent(m.layers[0]).cell_clip = 3; }, {}),
                       "ONNX clips the gates only, not the cell state"));
  EXPECT_TRUE(contains(error(
                           [](Model& m) {
                             testing::recurrent(m.layers[0]).layer_norm = true;
                             for (const char* role : {"norm_weight", "norm_weight_reverse"}) {
                               testing::set_weight(m.layers[0], role, {8}, testing::ramp(8, 1));
                             }
                           },
                           {}),
                       "ONNX's LSTM has no layer normalization of its gates"));
  EXPECT_TRUE(contains(error(
                           [](Model& m) {
                             testing::recurrent(m.layers[0]).coupling =
                                 GateCoupling::input_from_forget;
                           },
                           {}),
                       "layer 'net.rnn.l0' (LSTM 3 -> 2, bidirectional, i = 1 - f"));
  EXPECT_TRUE(contains(error(
                           [](Model& m) {
                             m.layers[2].spec = ActivationSpec{{ActivationKind::affine, 1, 2}, 5};
                           },
                           {}),
                       "layer 'activation' (Affine, alpha 1, beta 2 of 5) cannot be "
                       "saved as ONNX: ONNX has Affine in recurrent layers only"));
  EXPECT_TRUE(contains(error([](Model&) {}, {.states = true}), "its initial state was learned"));
  EXPECT_TRUE(
      contains(error(
                   [](Model& m) {
                     testing::set_weight(m.layers[1], "weight_ih", {15, 3}, testing::ramp(45, 0));
                   },
                   {}),
               "weight_ih must have shape [15, 4]"));
}

TEST(Convert, RefusesTextThatIsNotUtf8) {
  const auto error = [](const std::function<void(Model&)>& change) {
    Model model;
    model.layers.push_back({.spec = ActivationSpec{.function = {ActivationKind::tanh}, .size = 3}});
    change(model);
    return error_of([&] { static_cast<void>(loading::to_onnx(model, {})); });
  };
  EXPECT_EQ(error([](Model&) {}), "(no error)");
  const std::string rule = " is not valid UTF-8";
  EXPECT_TRUE(contains(error([](Model& m) { m.metadata["k"] = "\xC3"; }), rule));
  EXPECT_TRUE(contains(error([](Model& m) { m.metadata["\xC3"] = "v"; }), rule));
  EXPECT_TRUE(contains(error([](Model& m) { m.layers[0].name = "\xC3"; }), rule));
  EXPECT_TRUE(contains(error([](Model& m) { m.inputs = {{"\xC3", 3}}; }), rule));
}

/// Each layer reads the one before it twice: there are 2^60 ways to the input, and one is enough.
TEST(Convert, ManyWaysToTheInput) {
  Model model;
  model.inputs = {{"x", 3}};
  for (int k = 0; k < 60; ++k) {
    const std::string from = k == 0 ? "x" : "a" + std::to_string(k - 1);
    model.layers.push_back({.spec = ElementwiseSpec{ElementwiseOperation::add, 3},
                            .name = "a" + std::to_string(k),
                            .inputs = {from, from}});
  }
  const Model back = load(loading::to_onnx(model, {}), "t.onnx");
  EXPECT_EQ(back.layers.size(), model.layers.size());
}

/// Far more layers than anything that looks at all layers for each of them gets through.
TEST(Convert, ManyLayers) {
  Model model;
  for (int k = 0; k < 60'000; ++k) {
    model.layers.push_back({.spec = ActivationSpec{.function = {ActivationKind::tanh}, .size = 3}});
  }
  EXPECT_EQ(load(loading::to_onnx(model, {}), "t.onnx").layers.size(), model.layers.size());
  EXPECT_EQ(load(loading::to_safetensors(model), "t.safetensors").layers.size(),
            model.layers.size());
}

TEST(Convert, WritesWholeFilesOnly) {
  const testing::TemporaryFolder folder;
  save_onnx(mixed_model(), folder / "m.onnx");
  EXPECT_EQ(testing::read_bytes(folder / "m.onnx"), loading::to_onnx(mixed_model(), {}));
  Model bad = mixed_model();
  testing::recurrent(bad.layers[0]).cell_clip = 1;
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
  int others = 0;
  for (const Model& model : other_models()) {
    try {
      add(model, {});
      ++others;
    } catch (const Error& error) {
      EXPECT_TRUE(contains(error.what(), " cannot be saved as ONNX: "));
    }
  }
  EXPECT_GE(others, 120);
  add(mixed_model(), {});
  for (const Precision precision : {Precision::float16, Precision::bfloat16}) {
    add(stored_in(mixed_model(), precision), {});
    add(stored_in(matrices_of_every_kind(), precision), {});
  }
  const std::string command =
      python + " " CAROUSEL_ONNX_TEST_DIR "/check_models.py " + (folder / "").string();
  EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe): no other thread
  EXPECT_GE(count, 200);
}

}  // namespace
}  // namespace carousel::onnx_test
