// SPDX-License-Identifier: Apache-2.0
// Plug-ins that keep the contract, and what the host promises them.
#include "core/plugins/c_spec.hpp"
#include "core/plugins/c_weights.hpp"
#include "core/plugins/plugin_path.hpp"
#include "core/plugins/run_within.hpp"
#include "core/verify/conformance/problem.hpp"
#include "plugins/plugin_files.hpp"

#include <carousel/backend.hpp>
#include <carousel/carousel.h>
#include <carousel/network.hpp>
#include <carousel/plugin.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <set>
#include <thread>

namespace carousel::plugin_test {
namespace {

TEST(Plugin, BecomesABackendAfterTheBuiltInOnes) {
  const Folder folder;
  const std::string file = folder.hostile("innocent");
  const auto before = backends();
  const Backend& backend = load_plugin(file);
  EXPECT_EQ(backend.id(), "hostile-innocent");
  EXPECT_EQ(backend.description(), "plain C++ reference");
  EXPECT_FALSE(backend.version().empty());
  ASSERT_EQ(backends().size(), before.size() + 1);
  EXPECT_EQ(backends().back().backend, &backend);
  EXPECT_EQ(backends().back().plugin, file);
  EXPECT_EQ(before.back().name, backends()[before.size() - 1].name)
      << "old spans stay as they were";
  EXPECT_EQ(select_backends("hostile-innocent"), std::vector{&backend});
  EXPECT_EQ(&load_plugin(file), &backend) << "loaded once";
  EXPECT_EQ(&load_plugin(folder.path() + "/../" +
                         std::filesystem::path(folder.path()).filename().string() +
                         "/libcarousel_backend_innocent.so"),
            &backend);
  EXPECT_EQ(backends().size(), before.size() + 1);
}

TEST(Plugin, OfANewerHeaderIsTaken) {
  const Folder folder;
  EXPECT_EQ(load_plugin(folder.hostile("newer")).id(), "hostile-newer");
}

TEST(Plugin, SaysWhyItIsNotAvailable) {
  const Folder folder;
  const Backend& backend = load_plugin(folder.hostile("unavailable"));
  EXPECT_EQ(backend.available(cpu()).reason, "needs an abacus");
  EXPECT_FALSE(backend.available(cpu()).fault);
  try {
    (void)select_backends("hostile-unavailable");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("needs an abacus"), std::string::npos);
  }
}

/// Layers without arithmetic of their own are the host's: a network that has them needs no other
/// backend than the plug-in, which is never asked.
TEST(Plugin, IsNotAskedAboutCommonLayers) {
  const Folder folder;
  const Backend& backend = load_plugin(folder.hostile("fails-supports.common"));
  const LayerSpec embedding = EmbeddingSpec{3, 2};
  EXPECT_TRUE(backend.supports(embedding, Precision::float32).ok);
  EXPECT_TRUE(backend.supports(ActivationSpec{{ActivationKind::relu}, 2}, Precision::float32).ok);
  EXPECT_TRUE(backend.supports(ConcatenateSpec{{1, 2}}, Precision::float32).ok);
  EXPECT_FALSE(backend.supports(DenseSpec{1, 2}, Precision::float32).ok);
  Model model;
  model.layers.push_back(
      {.spec = embedding,
       .weights = {
           {"weight", Tensor({3, 2}, std::vector{1.0F, -2.0F, 3.0F, -4.0F, 5.0F, -6.0F})}}});
  model.layers.push_back({.spec = ActivationSpec{{ActivationKind::relu}, 2}});
  const Network network = prepare(model, {.backend = backend.id()});
  EXPECT_EQ(network.layers()[0].backend, backend.id());
  Stream stream = network.stream();
  const std::vector<std::int32_t> ids{2, 0};
  std::vector<float> y(4);
  ASSERT_TRUE(stream.run_ids(unbatched(ids.data(), 2, 1), unbatched(y.data(), 2, 2)));
  EXPECT_EQ(y, (std::vector{5.0F, 0.0F, 1.0F, 0.0F}));
}

/// "this one, else auto": a plug-in without dense layers runs what it can of a network with a head.
TEST(Plugin, LeavesToOthersWhatItDoesNotRun) {
  (void)load_plugin(TEXTBOOK_PLUGIN);
  const conformance::Problem problem = conformance::make_problem(
      {.group = "plugin", .input = 5, .hidden = 7, .layers = 2, .head = 3});
  EXPECT_THROW((void)prepare(problem.model, {.backend = "textbook"}), Error);
  for (const Plan plan : {Plan::fixed, Plan::estimate}) {
    const Network network = prepare(
        problem.model,
        {.backend = "textbook,scalar,auto", .plan = plan, .planning = {.wisdom = "/dev/null"}});
    ASSERT_EQ(network.layers().size(), 3U);
    EXPECT_EQ(network.layers()[0].backend, "textbook");
    EXPECT_EQ(network.layers()[1].backend, "textbook");
    EXPECT_EQ(network.layers()[2].backend, "scalar");
  }
}

/// A clip that changes nothing is no reason for a plug-in to refuse a layer.
TEST(Plugin, IsNotAskedAboutAnIdleClip) {
  const Backend& backend = load_plugin(TEXTBOOK_PLUGIN);
  RecurrentSpec spec = make_spec(Cell::lstm, 3, 4);
  spec.clip = 100.0F;
  EXPECT_TRUE(backend.supports(spec, Precision::float32));
  spec.clip = 3.0F;
  EXPECT_EQ(backend.supports(spec, Precision::float32).reason, "no coupled gates or clips");
}

TEST(Plugin, WithANameThatIsTakenIsToldByWhom) {
  const Folder folder;
  const Folder other;
  const Backend& first = load_plugin(folder.hostile("namesake"));
  const std::string second = other.hostile("namesake");
  try {
    (void)load_plugin(second);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "plug-in " + second + ": its name is 'hostile-namesake' (version '" +
                  first.version() +
                  "'), which could be taken for 'hostile-namesake', the plug-in " + folder.path() +
                  "/libcarousel_backend_namesake.so, version '" + first.version() + "'");
  }
}

TEST(Plugin, LoadsOnceFromManyThreads) {
  const Folder folder;
  const std::string one = folder.hostile("one");
  const std::string two = folder.hostile("two");
  std::vector<const Backend*> found(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < found.size(); ++i) {
    threads.emplace_back([&, i] {
      found[i] = &load_plugin(i % 2 == 0 ? one : two);
      (void)select_backends("auto");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 2; i < found.size(); ++i) EXPECT_EQ(found[i], found[i % 2]);
  const auto list = backends();
  EXPECT_EQ(std::ranges::count(list, found[0], &BackendEntry::backend), 1);
  EXPECT_EQ(std::ranges::count(list, found[1], &BackendEntry::backend), 1);
}

TEST(Plugin, IsReachableFromC) {
  const Folder folder;
  const std::size_t before = carousel_backend_count();
  const std::string file = folder.hostile("c-caller");
  ASSERT_EQ(carousel_load_plugin(file.c_str()), CAROUSEL_OK) << carousel_last_error();
  ASSERT_EQ(carousel_backend_count(), before + 1);
  carousel_backend_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(carousel_backend_get(before, &info), CAROUSEL_OK) << carousel_last_error();
  EXPECT_STREQ(info.id, "hostile-c-caller");
  EXPECT_EQ(info.plugin, file);
  EXPECT_TRUE(info.available);
  EXPECT_EQ(carousel_load_plugin(folder.hostile("abi").c_str()), CAROUSEL_PLUGIN_FAILED);
  EXPECT_NE(std::string(carousel_last_error()).find("version 7"), std::string::npos);
  EXPECT_EQ(carousel_load_plugin("/no/such/plugin.so"), CAROUSEL_FILE_NOT_FOUND);
  EXPECT_EQ(carousel_load_plugin("relative.so"), CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(carousel_load_plugin(nullptr), CAROUSEL_INVALID_ARGUMENT);
}

TEST(PluginPath, IsAListOfAbsoluteFilesAndFolders) {
  const Folder folder;
  const std::string b = folder.write("libcarousel_backend_b.so", "");
  const std::string a = folder.write("libcarousel_backend_a.so", "");
  (void)folder.write("readme.txt", "");
  (void)folder.write("libcarousel_backend_.so", "");
  const std::string odd = folder.write("any-name", "");
  const auto items =
      plugins::plugin_files(":" + folder.path() + "::plugins:" + odd + ":/no/where:");
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(items[0].file, a);
  EXPECT_EQ(items[1].file, b);
  EXPECT_EQ(items[2].file, "plugins");
  EXPECT_NE(items[2].problem.find("'plugins' is a relative path"), std::string::npos);
  EXPECT_EQ(items[3].file, odd);
  EXPECT_NE(items[4].problem.find("'/no/where': there is no such file"), std::string::npos);
  EXPECT_TRUE(items[0].problem.empty() && items[1].problem.empty() && items[3].problem.empty());
  EXPECT_EQ(plugins::backend_name_of(a), "a");
  EXPECT_EQ(plugins::backend_name_of(odd), odd);
}

TEST(RunWithin, GivesUpWhatTakesTooLong) {
  using std::chrono::milliseconds;
  EXPECT_TRUE(plugins::run_within(milliseconds(5000), [] {}));
  EXPECT_FALSE(plugins::run_within(milliseconds(20),
                                   [] { std::this_thread::sleep_for(std::chrono::hours(1)); }));
  bool inside = false;
  EXPECT_TRUE(plugins::run_within(milliseconds(5000), [&] { inside = plugins::inside_plugin(); }));
  EXPECT_TRUE(inside);
  EXPECT_FALSE(plugins::inside_plugin());
}

/// Layers of every kind, and of every property that a recurrent one can have.
std::vector<LayerSpec> all_kinds() {
  RecurrentSpec lstm = make_spec(Cell::lstm, 3, 4, Direction::bidirectional, 2, false);
  lstm.peephole = true;
  lstm.coupling = GateCoupling::input_from_forget;
  lstm.clip = 0.5F;
  lstm.cell_clip = 0.25F;
  lstm.activations[1][2] = {ActivationKind::scaled_tanh, 0.3F, 0.4F};
  RecurrentSpec gru = make_spec(Cell::gru, 3, 4);
  gru.linear_before_reset = false;
  RecurrentSpec normalized = make_spec(Cell::lstm, 3, 4);
  normalized.layer_norm = true;
  normalized.layer_norm_epsilon = 0.5F;
  RecurrentSpec slstm = make_spec(Cell::slstm, 3, 4);
  slstm.heads = 2;
  return {lstm,
          gru,
          normalized,
          slstm,
          make_spec(Cell::slstm, 3, 4),
          make_spec(Cell::gru, 3, 4, Direction::reverse),
          make_spec(Cell::rnn, 5, 6),
          DenseSpec{7, 8, false},
          DenseSpec{7, 8, true},
          EmbeddingSpec{9, 10},
          ActivationSpec{{ActivationKind::log_softmax}, 11},
          ActivationSpec{{ActivationKind::elu, 0.5F}, 11},
          ConcatenateSpec{{1, 2, 3}}};
}

TEST(CSpec, SaysTheSameAsTheSpec) {
  std::set<std::int32_t> kinds;
  for (const LayerSpec& spec : all_kinds()) {
    EXPECT_EQ(c_types::from_c(c_types::to_c(spec)), spec) << describe(spec);
    EXPECT_EQ(c_types::to_c(spec).kind, c_types::kind_of(spec));
    kinds.insert(c_types::kind_of(spec));
  }
  EXPECT_EQ(kinds, (std::set<std::int32_t>{CAROUSEL_LSTM, CAROUSEL_GRU, CAROUSEL_RNN,
                                           CAROUSEL_DENSE, CAROUSEL_EMBEDDING, CAROUSEL_ACTIVATION,
                                           CAROUSEL_CONCATENATE, CAROUSEL_SLSTM}));
  const carousel_layer_spec gru = c_types::to_c(make_spec(Cell::gru, 3, 4));
  EXPECT_EQ(gru.activations[0][2].kind, CAROUSEL_ACTIVATION_DEFAULT) << "not used";
  EXPECT_EQ(gru.activations[1][0].kind, CAROUSEL_ACTIVATION_DEFAULT) << "not used";
  EXPECT_TRUE(gru.linear_before_reset);
  const carousel_layer_spec lstm = c_types::to_c(make_spec(Cell::lstm, 3, 4));
  EXPECT_FALSE(lstm.linear_before_reset) << "not a GRU";
  EXPECT_EQ(lstm.heads, 0) << "not an sLSTM";
  EXPECT_EQ(lstm.layer_norm_epsilon, 0.0F) << "not used";
}

TEST(CSpec, ZeroMeansOneHeadAndTheUsualEpsilon) {
  carousel_layer_spec spec = c_types::to_c(make_spec(Cell::slstm, 3, 4));
  EXPECT_EQ(spec.heads, 1);
  spec.heads = 0;
  EXPECT_EQ(c_types::from_c(spec), LayerSpec(make_spec(Cell::slstm, 3, 4)));
  spec = c_types::to_c(make_spec(Cell::lstm, 3, 4));
  spec.layer_norm = true;
  RecurrentSpec normalized = make_spec(Cell::lstm, 3, 4);
  normalized.layer_norm = true;
  EXPECT_EQ(c_types::from_c(spec), LayerSpec(normalized));
}

std::string refusal(const carousel_layer_spec& spec, ErrorCode code) {
  try {
    (void)c_types::from_c(spec);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(CSpec, KindsThatDoNotExistAreRefused) {
  carousel_layer_spec spec{};
  for (const std::int32_t kind : {-1, static_cast<int>(CAROUSEL_LAYER_KIND_END), 100}) {
    spec.kind = kind;
    EXPECT_EQ(refusal(spec, ErrorCode::invalid_argument),
              "spec: kind is " + std::to_string(kind) + ", but must be in 0..7");
  }
}

/// A plug-in is never asked about them: they are common layers, or made of dense ones.
TEST(CSpec, KindsWithoutANameInCAreNone) {
  const std::vector<LayerSpec> specs{ElementwiseSpec{ElementwiseOperation::add, 3},
                                     ConvolutionSpec{.in_channels = 3, .out_channels = 4},
                                     NormalizationSpec{3}, CastIdsSpec{},
                                     ActivationSpec{{ActivationKind::softmax}, 6, 3}};
  for (const LayerSpec& spec : specs) {
    EXPECT_EQ(c_types::kind_of(spec), CAROUSEL_LAYER_KIND_END) << describe(spec);
    EXPECT_NE(refusal(c_types::to_c(spec), ErrorCode::invalid_argument), "no error");
  }
  const LayerSpec gelu = ActivationSpec{{ActivationKind::gelu}, 3};
  EXPECT_EQ(refusal(c_types::to_c(gelu), ErrorCode::invalid_argument),
            "spec: activation kind is 23, but must be in 0..13");
}

/// A member that would be ignored silently may be meant seriously.
TEST(CSpec, MembersOfOtherKindsAreRefused) {
  using Spec = carousel_layer_spec;
  const std::int64_t sizes[1] = {3};
  const std::vector<std::pair<std::string, std::function<void(Spec&)>>> members{
      {"direction", [](Spec& s) { s.direction = CAROUSEL_REVERSE; }},
      {"hidden_size", [](Spec& s) { s.hidden_size = 1; }},
      {"proj_size", [](Spec& s) { s.proj_size = 1; }},
      {"peephole", [](Spec& s) { s.peephole = true; }},
      {"linear_before_reset", [](Spec& s) { s.linear_before_reset = true; }},
      {"layer_norm", [](Spec& s) { s.layer_norm = true; }},
      {"layer_norm_epsilon", [](Spec& s) { s.layer_norm_epsilon = 1e-5F; }},
      {"heads", [](Spec& s) { s.heads = 4; }},
      {"coupling", [](Spec& s) { s.coupling = CAROUSEL_FORGET_FROM_INPUT; }},
      {"clip", [](Spec& s) { s.clip = 1; }},
      {"cell_clip", [](Spec& s) { s.cell_clip = 1; }},
      {"activations", [](Spec& s) { s.activations[0][0].kind = CAROUSEL_TANH; }},
      {"activations", [](Spec& s) { s.activations[1][2].kind = CAROUSEL_TANH; }},
      {"input_sizes", [&](Spec& s) { s.input_sizes = sizes; }},
      {"input_count", [](Spec& s) { s.input_count = 2; }},
  };
  for (const auto& [member, use] : members) {
    carousel_layer_spec spec = c_types::to_c(DenseSpec{3, 4});
    use(spec);
    const std::string text = refusal(spec, ErrorCode::invalid_argument);
    EXPECT_NE(text.find(member), std::string::npos) << text;
    EXPECT_NE(text.find("dense layers have none"), std::string::npos) << text;
  }
  carousel_layer_spec lstm = c_types::to_c(make_spec(Cell::lstm, 3, 4));
  lstm.output_size = 4;
  EXPECT_EQ(refusal(lstm, ErrorCode::invalid_argument),
            "spec: output_size must be zero: LSTM layers have none");
  lstm = c_types::to_c(make_spec(Cell::lstm, 3, 4));
  lstm.layer_norm_epsilon = 0.5F;
  EXPECT_EQ(refusal(lstm, ErrorCode::invalid_argument),
            "spec: layer_norm_epsilon must be zero without layer_norm");
}

TEST(CSpec, UsualLayersOfEachKind) {
  for (const Cell cell : {Cell::lstm, Cell::gru, Cell::rnn, Cell::slstm}) {
    carousel_layer_spec spec = c_types::usual_spec(c_types::kind_of(make_spec(cell, 3, 4)));
    spec.input_size = 3;
    spec.hidden_size = 4;
    EXPECT_EQ(c_types::from_c(spec), LayerSpec(make_spec(cell, 3, 4)));
  }
  carousel_layer_spec dense = c_types::usual_spec(CAROUSEL_DENSE);
  EXPECT_EQ(c_types::from_c(dense), LayerSpec(DenseSpec{}));
  EXPECT_FALSE(c_types::usual_spec(CAROUSEL_EMBEDDING).bias);
}

/// What the host puts into a plug-in's arguments is what it takes out again.
TEST(CWeights, ComeInTheOrderOfTheirRolesAsFloats) {
  const LayerSpec spec = DenseSpec{2, 1};
  const std::array<double, 1> bias{0.5};
  std::vector<std::byte> bytes(sizeof bias);
  std::memcpy(bytes.data(), bias.data(), sizeof bias);
  const Weights weights{{"bias", Tensor(DType::float64, {1}, bytes)},
                        {"weight", Tensor({1, 2}, std::vector{1.0F, 2.0F})}};
  const c_types::FloatWeights floats(spec, weights);
  const carousel_weights& c = floats.c();
  ASSERT_EQ(c.count, 2U);
  EXPECT_STREQ(c.tensors[0].role, "weight");
  EXPECT_STREQ(c.tensors[1].role, "bias");
  EXPECT_EQ(c.tensors[0].rank, 2);
  EXPECT_EQ(c.tensors[0].shape[1], 2);
  EXPECT_EQ(c.tensors[1].dtype, CAROUSEL_DTYPE_F32);
  const Weights back = c_types::from_c(c, spec, "the layer");
  EXPECT_EQ(back.at("weight"), weights.at("weight"));
  EXPECT_EQ(back.at("bias").to_float32(), std::vector{0.5F});
}

/// Struct sizes must not grow into padding unnoticed: a longer spec has to be longer for sizeof.
TEST(CSpec, HasNoPaddingAtItsEnd) {
  EXPECT_EQ(offsetof(carousel_layer_spec, input_count) + sizeof(std::int64_t),
            sizeof(carousel_layer_spec));
  EXPECT_EQ(offsetof(carousel_weights, tensors) + sizeof(void*), sizeof(carousel_weights));
  EXPECT_EQ(offsetof(carousel_plugin_args, state_count) + sizeof(std::int64_t),
            sizeof(carousel_plugin_args));
  EXPECT_EQ(offsetof(carousel_plugin_options, reserved) + sizeof(std::int32_t),
            sizeof(carousel_plugin_options));
  EXPECT_EQ(offsetof(carousel_plugin, sets_apart) + sizeof(void*), sizeof(carousel_plugin));
}

TEST(CSpec, MembersOfALaterVersionAreSeen) {
  const std::array<unsigned char, 4> bytes{1, 1, 0, 1};
  EXPECT_TRUE(c_types::uses_members_past(bytes.data(), 4, 2));
  EXPECT_FALSE(c_types::uses_members_past(bytes.data(), 3, 2));
  EXPECT_FALSE(c_types::uses_members_past(bytes.data(), 4, 4));
}

}  // namespace
}  // namespace carousel::plugin_test
