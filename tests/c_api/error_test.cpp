// SPDX-License-Identifier: Apache-2.0
// Every way of failing: which status, which words, and that nothing else happens.
#include "c_api/handles.hpp"
#include "unit/sample.hpp"

#include <carousel/compare.hpp>

#include <functional>
#include <limits>
#include <thread>

namespace carousel::c_api_test {
namespace {

void expect_failure(carousel_status status, carousel_status expected, const char* words) {
  EXPECT_EQ(status, expected) << carousel_last_error();
  EXPECT_NE(std::string(carousel_last_error()).find(words), std::string::npos)
      << "no '" << words << "' in: " << carousel_last_error();
}

CModel empty_model() {
  carousel_model* model = nullptr;
  EXPECT_EQ(carousel_model_new(&model), CAROUSEL_OK);
  return CModel(model);
}

/// A sound layer, which tests spoil.
struct Layer {
  carousel_layer_spec spec = sized<carousel_layer_spec>();
  std::vector<float> values = std::vector<float>(1024, 0.25F);
  carousel_weights weights = sized<carousel_weights>();

  Layer() {
    spec.input_size = 3;
    spec.hidden_size = 4;
    weights.weight_ih = weights.weight_hh = weights.bias_ih = weights.bias_hh = values.data();
  }
};

TEST(CApiErrors, Loading) {
  carousel_model* model = nullptr;
  expect_failure(carousel_model_load("/no/such/file", nullptr, &model), CAROUSEL_BAD_MODEL,
                 "/no/such/file");
  EXPECT_EQ(model, nullptr);
  expect_failure(carousel_model_load_memory("rubbish", 7, "box", nullptr, &model),
                 CAROUSEL_BAD_MODEL, "box");
  expect_failure(carousel_model_load_memory(nullptr, 0, nullptr, nullptr, &model),
                 CAROUSEL_BAD_MODEL, "memory");
  expect_failure(carousel_model_load_memory(nullptr, 8, nullptr, nullptr, &model),
                 CAROUSEL_INVALID_ARGUMENT, "bytes is null");
  auto options = sized<carousel_load_options>();
  options.struct_size = 0;
  expect_failure(carousel_model_load("x", &options, &model), CAROUSEL_INVALID_ARGUMENT,
                 "struct_size is 0");
}

TEST(CApiErrors, LayersThatAreWrong) {
  const std::vector<std::pair<const char*, std::function<void(Layer&)>>> ways{
      {"weight_ih is null", [](Layer& l) { l.weights.weight_ih = nullptr; }},
      {"bias_hh is null", [](Layer& l) { l.weights.bias_hh = nullptr; }},
      {"bias_ih must be null", [](Layer& l) { l.spec.no_bias = true; }},
      {"peephole must be null", [](Layer& l) { l.weights.peephole = l.values.data(); }},
      {"initial_c must be null",
       [](Layer& l) {
         l.spec.cell = CAROUSEL_GRU;
         l.weights.initial_c = l.values.data();
       }},
      {"weight_hr is null", [](Layer& l) { l.spec.proj_size = 2; }},
      {"proj_size", [](Layer& l) { l.spec.proj_size = 4; }},
      {"input_size is 0", [](Layer& l) { l.spec.input_size = 0; }},
      {"hidden_size is -1", [](Layer& l) { l.spec.hidden_size = -1; }},
      {"clip", [](Layer& l) { l.spec.clip = std::numeric_limits<float>::quiet_NaN(); }},
      {"cell is 9", [](Layer& l) { l.spec.cell = 9; }},
      {"cell is -1", [](Layer& l) { l.spec.cell = -1; }},
      {"direction is 3", [](Layer& l) { l.spec.direction = 3; }},
      {"coupling is 3", [](Layer& l) { l.spec.coupling = 3; }},
      {"precision is 3", [](Layer& l) { l.spec.precision = 3; }},
      {"activation kind is 12", [](Layer& l) { l.spec.activations[0][0].kind = 12; }},
      {"reverse is null", [](Layer& l) { l.spec.direction = CAROUSEL_BIDIRECTIONAL; }},
      {"struct_size is 8", [](Layer& l) { l.spec.struct_size = 8; }},
      {"struct_size is 1", [](Layer& l) { l.weights.struct_size = 1; }},
  };
  const CModel model = empty_model();
  for (const auto& [words, spoil] : ways) {
    Layer layer;
    spoil(layer);
    expect_failure(carousel_model_add_layer(model.get(), &layer.spec, &layer.weights, nullptr),
                   CAROUSEL_INVALID_ARGUMENT, words);
    EXPECT_EQ(carousel_model_output_size(model.get()), 0) << words;
  }
}

TEST(CApiErrors, LayersInTheWrongPlace) {
  const CModel model = empty_model();
  Layer head;
  head.spec.cell = CAROUSEL_LINEAR;
  head.spec.input_size = 4;
  head.weights.weight_hh = head.weights.bias_hh = nullptr;
  expect_failure(carousel_model_add_layer(model.get(), &head.spec, &head.weights, nullptr),
                 CAROUSEL_INVALID_ARGUMENT, "recurrent layer first");
  Layer layer;
  ASSERT_EQ(carousel_model_add_layer(model.get(), &layer.spec, &layer.weights, nullptr),
            CAROUSEL_OK);
  ASSERT_EQ(carousel_model_add_layer(model.get(), &head.spec, &head.weights, nullptr), CAROUSEL_OK);
  expect_failure(carousel_model_add_layer(model.get(), &layer.spec, &layer.weights, nullptr),
                 CAROUSEL_INVALID_ARGUMENT, "has its head");
  expect_failure(
      carousel_model_add_layer(empty_model().get(), &layer.spec, &layer.weights, &layer.weights),
      CAROUSEL_INVALID_ARGUMENT, "one direction");
}

TEST(CApiErrors, Embeddings) {
  const CModel model = empty_model();
  const float weight = 0.0F;
  for (const std::int64_t size : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 40}) {
    expect_failure(carousel_model_set_embedding(model.get(), size, std::int64_t{1} << 30, &weight),
                   CAROUSEL_INVALID_ARGUMENT, "embedding");
  }
  EXPECT_EQ(carousel_model_num_embeddings(model.get()), 0);
}

TEST(CApiErrors, Preparing) {
  carousel_network* network = nullptr;
  expect_failure(carousel_prepare(empty_model().get(), nullptr, &network), CAROUSEL_BAD_MODEL,
                 "at least one");
  EXPECT_EQ(network, nullptr);
  const CModel model = c_model(testing_support::sample({.input = 3, .hidden = 4}).model);
  auto options = sized<carousel_prepare_options>();
  options.backend = "abacus";
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_UNSUPPORTED,
                 "'abacus'");
  options = sized<carousel_prepare_options>();
  options.threads = -1;
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_INVALID_ARGUMENT,
                 "negative");
  options = sized<carousel_prepare_options>();
  options.plan = 5;
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_INVALID_ARGUMENT,
                 "plan is 5");
  options.plan = CAROUSEL_PLAN_WISDOM_ONLY;
  options.wisdom = "/dev/null";
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_UNSUPPORTED,
                 "no wisdom about LSTM 3 -> 4");
  Layer mismatched;
  mismatched.spec.input_size = 5;  // on a layer of 4 outputs
  ASSERT_EQ(carousel_model_add_layer(model.get(), &mismatched.spec, &mismatched.weights, nullptr),
            CAROUSEL_OK);
  expect_failure(carousel_prepare(model.get(), nullptr, &network), CAROUSEL_BAD_MODEL, "layer 1");
}

TEST(CApiErrors, Streams) {
  const CModel model = c_model(testing_support::sample({.input = 3, .hidden = 4}).model);
  const CNetwork network = c_prepare(model.get(), "scalar");
  carousel_stream* stream = nullptr;
  auto options = sized<carousel_stream_options>();
  options.batch = -1;
  expect_failure(carousel_stream_new(network.get(), &options, &stream), CAROUSEL_INVALID_ARGUMENT,
                 "batch is -1");
  options.batch = 1;
  options.max_steps = -5;
  expect_failure(carousel_stream_new(network.get(), &options, &stream), CAROUSEL_INVALID_ARGUMENT,
                 "max_steps is -5");
  const CStream good = c_stream(network.get(), 1, 1);
  auto state = sized<carousel_state>();
  expect_failure(carousel_stream_layer_state(good.get(), 1, 0, &state), CAROUSEL_INVALID_ARGUMENT,
                 "layer 1");
  expect_failure(carousel_stream_layer_state(good.get(), 0, 1, &state), CAROUSEL_INVALID_ARGUMENT,
                 "direction 1");
  auto info = sized<carousel_layer_info>();
  expect_failure(carousel_network_layer(network.get(), 1, &info), CAROUSEL_INVALID_ARGUMENT,
                 "layer 1");
  auto backend = sized<carousel_backend_info>();
  expect_failure(carousel_backend_get(carousel_backend_count(), &backend),
                 CAROUSEL_INVALID_ARGUMENT, "backend");
}

/// A run whose arguments a test spoils one at a time.
class CApiBadRun : public testing::Test {
 protected:
  CNetwork network =
      c_prepare(c_model(testing_support::sample({.input = 3, .hidden = 4}).model).get(), "scalar");
  CStream stream = c_stream(network.get(), 2, 4);
  std::vector<float> x = std::vector<float>(64, 0.5F);
  std::vector<float> y = std::vector<float>(64, testing_support::kUntouched);
  std::vector<std::int32_t> ids = std::vector<std::int32_t>(64, 0);
  std::vector<std::int64_t> lengths{1, 9};
  carousel_run_args args = sized<carousel_run_args>();

  void SetUp() override {
    args.steps = 4;
    args.x = x.data();
    args.y = y.data();
  }

  void expect_refused(const char* words) {
    expect_failure(carousel_stream_run_args(stream.get(), &args), CAROUSEL_INVALID_ARGUMENT, words);
    for (const float value : y) ASSERT_EQ(value, testing_support::kUntouched);
    auto state = sized<carousel_state>();
    ASSERT_EQ(carousel_stream_state(stream.get(), &state), CAROUSEL_OK);
    for (int i = 0; i < 2 * 4; ++i) ASSERT_EQ(state.h[i], 0.0F);
  }
};

TEST_F(CApiBadRun, IsRefused) {
  const carousel_run_args good = args;
  const std::vector<std::pair<const char*, std::function<void()>>> ways{
      {"steps", [&] { args.steps = -1; }},
      {"null", [&] { args.x = nullptr; }},
      {"null", [&] { args.y = nullptr; }},
      {"not both", [&] { args.ids = ids.data(); }},
      {"no embedding", [&] { args.x = nullptr, args.ids = ids.data(); }},
      {"length", [&] { args.lengths = lengths.data(); }},
      {"struct_size", [&] { args.struct_size = sizeof args - 1; }},
  };
  for (const auto& [words, spoil] : ways) {
    SCOPED_TRACE(words);
    args = good;
    spoil();
    expect_refused(words);
  }
  args = good;
  EXPECT_EQ(carousel_stream_run_args(stream.get(), &args), CAROUSEL_OK);
}

TEST_F(CApiBadRun, MembersOfALaterVersion) {
  struct {
    carousel_run_args known;
    std::int64_t later;
  } extended{args, 0};
  extended.known.struct_size = sizeof extended;
  EXPECT_EQ(carousel_stream_run_args(stream.get(), &extended.known), CAROUSEL_OK);
  extended.later = 1;
  expect_failure(carousel_stream_run_args(stream.get(), &extended.known), CAROUSEL_INVALID_ARGUMENT,
                 "does not know");
}

TEST(CApiErrors, AreTheThreadsOwn) {
  carousel_model* model = nullptr;
  EXPECT_NE(carousel_model_load("/first", nullptr, &model), CAROUSEL_OK);
  std::thread([] {
    EXPECT_STREQ(carousel_last_error(), "");
    carousel_model* other = nullptr;
    EXPECT_NE(carousel_model_load("/second", nullptr, &other), CAROUSEL_OK);
    EXPECT_NE(std::string(carousel_last_error()).find("/second"), std::string::npos);
  }).join();
  EXPECT_NE(std::string(carousel_last_error()).find("/first"), std::string::npos);
}

}  // namespace
}  // namespace carousel::c_api_test
