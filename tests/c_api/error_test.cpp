// SPDX-License-Identifier: Apache-2.0
// Every way of failing: which status, which words, and that nothing else happens.
#include "c_api/handles.hpp"
#include "unit/sample.hpp"

#include <carousel/compare.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

namespace carousel::c_api_test {
namespace {

/// A sound layer, which tests spoil.
struct Layer {
  carousel_layer_spec spec = usual(CAROUSEL_LSTM);
  std::vector<float> values = std::vector<float>(1024, 0.25F);
  std::int64_t ih[2] = {16, 3}, hh[2] = {16, 4}, rows[1] = {16};
  std::vector<carousel_tensor> tensors{{"weight_ih", CAROUSEL_DTYPE_F32, 2, ih, values.data()},
                                       {"weight_hh", CAROUSEL_DTYPE_F32, 2, hh, values.data()},
                                       {"bias_ih", CAROUSEL_DTYPE_F32, 1, rows, values.data()},
                                       {"bias_hh", CAROUSEL_DTYPE_F32, 1, rows, values.data()}};
  std::size_t weights_size = sizeof(carousel_weights);
  carousel_layer_place place = sized<carousel_layer_place>();

  Layer() {
    spec.input_size = 3;
    spec.hidden_size = 4;
  }
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;
  ~Layer() = default;

  [[nodiscard]] carousel_status add(carousel_model* model) const {
    carousel_weights weights = c_weights(tensors);
    weights.struct_size = weights_size;
    return carousel_model_add_layer(model, &spec, &weights, &place);
  }
};

TEST(CApiErrors, Loading) {
  carousel_model* model = nullptr;
  expect_failure(carousel_model_load("/no/such/file", nullptr, &model), CAROUSEL_FILE_NOT_FOUND,
                 "/no/such/file");
  EXPECT_EQ(model, nullptr);
  expect_failure(carousel_model_load("/", nullptr, &model), CAROUSEL_FILE_ACCESS, "/");
  expect_failure(carousel_model_load_memory("rubbish", 7, "box", nullptr, &model),
                 CAROUSEL_BAD_FORMAT, "box");
  expect_failure(carousel_model_load_memory(nullptr, 0, nullptr, nullptr, &model),
                 CAROUSEL_BAD_FORMAT, "memory");
  expect_failure(carousel_model_load_memory(nullptr, 8, nullptr, nullptr, &model),
                 CAROUSEL_INVALID_ARGUMENT, "bytes is null");
  auto options = sized<carousel_load_options>();
  options.struct_size = 0;
  expect_failure(carousel_model_load("x", &options, &model), CAROUSEL_INVALID_ARGUMENT,
                 "struct_size is 0");
}

TEST(CApiErrors, Saving) {
  const CModel model = c_model(testing_support::sample({.input = 3, .hidden = 4}).model);
  expect_failure(carousel_model_save(model.get(), "/no/such/folder/m.safetensors"),
                 CAROUSEL_FILE_ACCESS, "/no/such/folder");
  expect_failure(carousel_model_save(empty_model().get(), "m.safetensors"),
                 CAROUSEL_INVALID_ARGUMENT, "at least one layer");
  Layer clipped;
  clipped.spec.cell_clip = 1;
  const CModel other = empty_model();
  ASSERT_EQ(clipped.add(other.get()), CAROUSEL_OK) << carousel_last_error();
  EXPECT_EQ(carousel_model_save_onnx(other.get(), "clipped.onnx"), CAROUSEL_UNSUPPORTED)
      << carousel_last_error();
}

TEST(CApiErrors, LayersThatAreWrong) {
  using Way = std::pair<const char*, std::function<void(Layer&)>>;
  const std::vector<Way> ways{
      {"weight_ih must have shape [16, 3], found none",
       [](Layer& l) { l.tensors.erase(l.tensors.begin()); }},
      {"weight_ih must have shape [16, 3], found [16, 5]", [](Layer& l) { l.ih[1] = 5; }},
      {"bias_ih must have shape [16], found [268435456]",
       [](Layer& l) { l.rows[0] = std::int64_t{1} << 28; }},
      {"bias_hh must have shape [16], found none", [](Layer& l) { l.tensors.pop_back(); }},
      {"no weight of the role 'bias_ih'", [](Layer& l) { l.spec.bias = false; }},
      {"no weight of the role 'peephole'",
       [](Layer& l) { l.tensors.push_back(l.tensors[3]), l.tensors.back().role = "peephole"; }},
      {"two tensors have the role 'bias_ih'", [](Layer& l) { l.tensors[3].role = "bias_ih"; }},
      {"the role of tensor 1 is null", [](Layer& l) { l.tensors[1].role = nullptr; }},
      {"'weight_hh': data is null", [](Layer& l) { l.tensors[1].data = nullptr; }},
      {"'weight_hh': shape is null", [](Layer& l) { l.tensors[1].shape = nullptr; }},
      {"'weight_hh': dtype is 4", [](Layer& l) { l.tensors[1].dtype = 4; }},
      {"'weight_hh': rank is -1", [](Layer& l) { l.tensors[1].rank = -1; }},
      {"'weight_hh': rank is 1000", [](Layer& l) { l.tensors[1].rank = 1000; }},
      {"'weight_hh': shape [16, -4] is not possible", [](Layer& l) { l.hh[1] = -4; }},
      {"is not possible", [](Layer& l) { l.hh[1] = std::int64_t{1} << 61; }},
      {"no weight of the role 'initial_c'",
       [](Layer& l) {
         l.spec.kind = CAROUSEL_GRU;
         l.ih[0] = l.hh[0] = l.rows[0] = 12;
         l.tensors.push_back(l.tensors[3]);
         l.tensors.back().role = "initial_c";
       }},
      {"weight_hr must have shape [2, 4], found none",
       [](Layer& l) {
         l.spec.proj_size = 2;
         l.hh[1] = 2;
       }},
      {"proj_size", [](Layer& l) { l.spec.proj_size = 4; }},
      {"input_size is 0", [](Layer& l) { l.spec.input_size = 0; }},
      {"hidden_size is -1", [](Layer& l) { l.spec.hidden_size = -1; }},
      {"clip", [](Layer& l) { l.spec.clip = std::numeric_limits<float>::quiet_NaN(); }},
      {"kind is 9", [](Layer& l) { l.spec.kind = 9; }},
      {"kind is -1", [](Layer& l) { l.spec.kind = -1; }},
      {"direction is 3", [](Layer& l) { l.spec.direction = 3; }},
      {"coupling is 3", [](Layer& l) { l.spec.coupling = 3; }},
      {"norm_weight must have shape [16]", [](Layer& l) { l.spec.layer_norm = true; }},
      {"layer_norm_epsilon", [](Layer& l) { l.spec.layer_norm_epsilon = 1e-3F; }},
      {"heads", [](Layer& l) { l.spec.heads = 2; }},
      {"output_size must be zero", [](Layer& l) { l.spec.output_size = 4; }},
      {"activation kind is 14", [](Layer& l) { l.spec.activations[0][0].kind = 14; }},
      {"cannot have the activation Softmax",
       [](Layer& l) { l.spec.activations[0][0].kind = CAROUSEL_SOFTMAX; }},
      {"weight_ih_reverse must have shape [16, 3], found none",
       [](Layer& l) { l.spec.direction = CAROUSEL_BIDIRECTIONAL; }},
      {"struct_size is 8", [](Layer& l) { l.spec.struct_size = 8; }},
      {"struct_size is 1", [](Layer& l) { l.weights_size = 1; }},
      {"struct_size is 2", [](Layer& l) { l.place.struct_size = 2; }},
      {"place.inputs is null", [](Layer& l) { l.place.input_count = 1; }},
  };
  const CModel model = empty_model();
  for (const auto& [words, spoil] : ways) {
    Layer layer;
    spoil(layer);
    expect_failure(layer.add(model.get()), CAROUSEL_INVALID_ARGUMENT, words);
    EXPECT_EQ(carousel_model_output_size(model.get()), 0) << words;
  }
  Layer slstm;
  slstm.spec.kind = CAROUSEL_SLSTM;
  slstm.spec.heads = 3;
  expect_failure(slstm.add(model.get()), CAROUSEL_INVALID_ARGUMENT, "heads is 3");
  slstm.spec.heads = 0;
  EXPECT_EQ(slstm.add(model.get()), CAROUSEL_OK) << carousel_last_error();
}

/// Errors of a layer say which one it is, by the name that it has or would get.
TEST(CApiErrors, LayersAreNamed) {
  const CModel model = empty_model();
  Layer layer;
  ASSERT_EQ(layer.add(model.get()), CAROUSEL_OK) << carousel_last_error();
  layer.spec.bias = false;
  expect_failure(layer.add(model.get()), CAROUSEL_INVALID_ARGUMENT, "layer 'l1' (LSTM 3 -> 4");
  layer.place.name = "upper";
  expect_failure(layer.add(model.get()), CAROUSEL_INVALID_ARGUMENT, "layer 'upper' (LSTM 3 -> 4");
}

TEST(CApiErrors, OtherKindsThatAreWrong) {
  const CModel model = empty_model();
  const auto add = [&](const carousel_layer_spec& spec) {
    return carousel_model_add_layer(model.get(), &spec, nullptr, nullptr);
  };
  auto spec = usual(CAROUSEL_EMBEDDING);
  for (const std::int64_t size : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 40}) {
    spec.input_size = size;
    spec.output_size = 8;
    expect_failure(add(spec), CAROUSEL_INVALID_ARGUMENT, "num_embeddings is");
  }
  spec.input_size = 4;
  expect_failure(add(spec), CAROUSEL_INVALID_ARGUMENT, "weight must have shape [4, 8], found none");
  spec = usual(CAROUSEL_ACTIVATION);
  spec.input_size = 4;
  expect_failure(add(spec), CAROUSEL_INVALID_ARGUMENT, "no default function");
  spec.activations[0][0].kind = CAROUSEL_RELU;
  spec.output_size = 5;
  expect_failure(add(spec), CAROUSEL_INVALID_ARGUMENT, "output_size of an activation layer is 5");
  spec = usual(CAROUSEL_CONCATENATE);
  expect_failure(add(spec), CAROUSEL_INVALID_ARGUMENT, "0 inputs");
  spec.input_count = 2;
  expect_failure(add(spec), CAROUSEL_INVALID_ARGUMENT, "input_sizes is null");
  spec.input_count = -2;
  expect_failure(add(spec), CAROUSEL_INVALID_ARGUMENT, "input_count is -2");
  EXPECT_EQ(carousel_model_num_embeddings(model.get()), 0);
}

/// How layers are wired is looked at when the model is complete.
TEST(CApiErrors, LayersInTheWrongPlace) {
  carousel_network* network = nullptr;
  const auto prepare = [&](const CModel& model) {
    return carousel_prepare(model.get(), nullptr, &network);
  };
  const char* const inputs[1] = {"nobody"};
  {
    Layer layer;
    layer.place.inputs = inputs;
    layer.place.input_count = 1;
    const CModel model = empty_model();
    ASSERT_EQ(layer.add(model.get()), CAROUSEL_OK) << carousel_last_error();
    expect_failure(prepare(model), CAROUSEL_INVALID_ARGUMENT, "reads 'nobody'");
  }
  {
    Layer layer;
    layer.place.name = "twin";
    const CModel model = empty_model();
    ASSERT_EQ(layer.add(model.get()), CAROUSEL_OK) << carousel_last_error();
    expect_failure(layer.add(model.get()), CAROUSEL_INVALID_ARGUMENT, "the name 'twin' stands for");
    expect_failure(carousel_model_add_input(model.get(), "twin", 3, false),
                   CAROUSEL_INVALID_ARGUMENT, "the name 'twin' stands for");
    EXPECT_EQ(prepare(model), CAROUSEL_OK) << "what was refused changed nothing";
    carousel_network_free(std::exchange(network, nullptr));
  }
  {
    const CModel model = empty_model();
    ASSERT_EQ(Layer().add(model.get()), CAROUSEL_OK) << carousel_last_error();
    ASSERT_EQ(carousel_model_add_output(model.get(), "y", "nobody"), CAROUSEL_OK);
    expect_failure(prepare(model), CAROUSEL_INVALID_ARGUMENT, "'nobody'");
  }
  {
    const CModel model = empty_model();
    ASSERT_EQ(Layer().add(model.get()), CAROUSEL_OK) << carousel_last_error();
    ASSERT_EQ(carousel_model_add_input(model.get(), "x", 5, false), CAROUSEL_OK);
    expect_failure(prepare(model), CAROUSEL_INVALID_ARGUMENT, "input_size must be 5");
  }
  EXPECT_EQ(network, nullptr);
}

/// Names and sizes of inputs and outputs are looked at when they are added.
TEST(CApiErrors, InputsAndOutputsThatAreWrong) {
  const CModel model = empty_model();
  const auto add_input = [&](const char* name, std::int64_t size, bool ids) {
    return carousel_model_add_input(model.get(), name, size, ids);
  };
  for (const std::int64_t size : {std::int64_t{-1}, std::int64_t{0}, INT64_MIN, INT64_MAX}) {
    expect_failure(add_input("x", size, false), CAROUSEL_INVALID_ARGUMENT,
                   ("input 'x': its size is " + std::to_string(size)).c_str());
  }
  expect_failure(add_input("x", 2, true), CAROUSEL_INVALID_ARGUMENT, "must be in 1..1");
  ASSERT_EQ(add_input("x", 3, false), CAROUSEL_OK);
  expect_failure(add_input("x", 3, false), CAROUSEL_INVALID_ARGUMENT, "the name 'x' stands for");
  Layer layer;
  layer.place.name = "x";
  expect_failure(layer.add(model.get()), CAROUSEL_INVALID_ARGUMENT, "the name 'x' stands for");
  layer.place.name = nullptr;
  ASSERT_EQ(layer.add(model.get()), CAROUSEL_OK) << carousel_last_error();
  ASSERT_EQ(carousel_model_add_output(model.get(), "y", "l0"), CAROUSEL_OK);
  expect_failure(carousel_model_add_output(model.get(), "y", "x"), CAROUSEL_INVALID_ARGUMENT,
                 "two outputs have the name 'y'");
  carousel_network* network = nullptr;
  EXPECT_EQ(carousel_prepare(model.get(), nullptr, &network), CAROUSEL_OK) << carousel_last_error();
  carousel_network_free(network);
}

/// What a count says is not believed where no array has so many elements.
TEST(CApiErrors, CountsThatNothingHas) {
  constexpr const char* kWords = "18446744073709551615, but must be at most 65536";
  const CModel model = empty_model();
  Layer layer;
  carousel_weights weights = c_weights(layer.tensors);
  weights.count = SIZE_MAX;
  expect_failure(carousel_model_add_layer(model.get(), &layer.spec, &weights, nullptr),
                 CAROUSEL_INVALID_ARGUMENT, kWords);
  const char* const names[1] = {"x"};
  layer.place.inputs = names;
  layer.place.input_count = SIZE_MAX;
  expect_failure(layer.add(model.get()), CAROUSEL_INVALID_ARGUMENT, kWords);
  const std::int64_t sizes[1] = {1};
  const carousel_input_shape shapes[1] = {{"x", sizes, SIZE_MAX}};
  const carousel_input_value values[1] = {{"x", 1.0}};
  carousel_model* loaded = nullptr;
  const auto load = [&](const std::function<void(carousel_load_options&)>& spoil) {
    auto options = sized<carousel_load_options>();
    spoil(options);
    expect_failure(carousel_model_load("/no/such/file.onnx", &options, &loaded),
                   CAROUSEL_INVALID_ARGUMENT, kWords);
  };
  load([&](auto& o) { o.input_shapes = shapes, o.input_shape_count = SIZE_MAX; });
  load([&](auto& o) { o.input_shapes = shapes, o.input_shape_count = 1; });
  load([&](auto& o) { o.input_values = values, o.input_value_count = SIZE_MAX; });
  expect_failure(carousel_model_load_memory("rubbish", SIZE_MAX, "box", nullptr, &loaded),
                 CAROUSEL_INVALID_ARGUMENT, "more bytes than memory has");
  carousel_network* network = nullptr;
  const carousel_layer_precision precisions[1] = {{"l0", CAROUSEL_INT8}};
  auto options = sized<carousel_prepare_options>();
  options.layer_precisions = precisions;
  options.layer_precision_count = SIZE_MAX;
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_INVALID_ARGUMENT,
                 kWords);
}

/// Names are a file's or a caller's, and may hold anything.
TEST(CApiErrors, NamesAreQuoted) {
  const CModel model = empty_model();
  Layer layer;
  layer.place.name = "\x1b[2J\nlayer";
  layer.tensors[0].role = "weight\n\xff";
  expect_failure(layer.add(model.get()), CAROUSEL_INVALID_ARGUMENT, "layer '\\x1b[2J\\x0alayer' (");
  const char* const inputs[1] = {"no\nbody"};
  Layer reader;
  reader.place.inputs = inputs;
  reader.place.input_count = 1;
  ASSERT_EQ(reader.add(model.get()), CAROUSEL_OK) << carousel_last_error();
  carousel_network* network = nullptr;
  expect_failure(carousel_prepare(model.get(), nullptr, &network), CAROUSEL_INVALID_ARGUMENT,
                 "reads 'no\\x0abody'");
}

TEST(CApiErrors, Preparing) {
  carousel_network* network = nullptr;
  expect_failure(carousel_prepare(empty_model().get(), nullptr, &network),
                 CAROUSEL_INVALID_ARGUMENT, "at least one");
  EXPECT_EQ(network, nullptr);
  const CModel model = c_model(testing_support::sample({.input = 3, .hidden = 4}).model);
  auto options = sized<carousel_prepare_options>();
  options.backend = "abacus";
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_UNSUPPORTED,
                 "'abacus'");
  options = sized<carousel_prepare_options>();
  options.threads = -1;
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_INVALID_ARGUMENT,
                 "threads is -1, but must not be negative");
  options = sized<carousel_prepare_options>();
  options.batch = -2;
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_INVALID_ARGUMENT,
                 "batch is -2, but must not be negative");
  options = sized<carousel_prepare_options>();
  options.steps = INT64_MAX;
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_INVALID_ARGUMENT,
                 "steps is 9223372036854775807, but must be in 0..4294967296");
  options = sized<carousel_prepare_options>();
  options.plan = 5;
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_INVALID_ARGUMENT,
                 "plan is 5");
  options = sized<carousel_prepare_options>();
  options.precision = 4;
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_UNSUPPORTED,
                 "precision is 4, which is not supported; there are 0 (float32), 1 (float16), "
                 "2 (bfloat16), 3 (int8)");
  options = sized<carousel_prepare_options>();
  options.plan = CAROUSEL_PLAN_WISDOM_ONLY;
  options.wisdom = "/dev/null";
  expect_failure(carousel_prepare(model.get(), &options, &network), CAROUSEL_UNSUPPORTED,
                 "no wisdom about LSTM 3 -> 4");
  Layer mismatched;
  mismatched.spec.input_size = mismatched.ih[1] = 5;  // on a layer of 4 outputs
  ASSERT_EQ(mismatched.add(model.get()), CAROUSEL_OK) << carousel_last_error();
  expect_failure(carousel_prepare(model.get(), nullptr, &network), CAROUSEL_INVALID_ARGUMENT,
                 "layer 'l1'");
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
  auto state = sized<carousel_named_state>();
  expect_failure(carousel_stream_get_state(good.get(), 2, &state), CAROUSEL_INVALID_ARGUMENT,
                 "state 2 of a stream with 2");
  auto sequence = sized<carousel_sequence_info>();
  expect_failure(carousel_network_input(network.get(), 1, &sequence), CAROUSEL_INVALID_ARGUMENT,
                 "input 1");
  expect_failure(carousel_network_output(network.get(), 1, &sequence), CAROUSEL_INVALID_ARGUMENT,
                 "output 1");
  auto info = sized<carousel_layer_info>();
  expect_failure(carousel_network_layer(network.get(), 1, &info), CAROUSEL_INVALID_ARGUMENT,
                 "layer 1");
  auto backend = sized<carousel_backend_info>();
  expect_failure(carousel_backend_get(carousel_backend_count(), &backend),
                 CAROUSEL_INVALID_ARGUMENT, "backend");
}

/// The code that C++ has for the same call.
int load_status(std::string_view bytes, const char* source) {
  try {
    (void)load(std::as_bytes(std::span(bytes)), source);
  } catch (const Error& error) {
    return static_cast<int>(error.code());
  }
  return CAROUSEL_OK;
}

/// Each status arrives from where it arises; the numbers of C++ and C are the same.
TEST(CApiErrors, EveryCodeHasItsStatus) {
  EXPECT_EQ(static_cast<int>(ErrorCode::invalid_argument), CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(static_cast<int>(ErrorCode::bad_format), CAROUSEL_BAD_FORMAT);
  EXPECT_EQ(static_cast<int>(ErrorCode::unsupported), CAROUSEL_UNSUPPORTED);
  EXPECT_EQ(static_cast<int>(ErrorCode::out_of_memory), CAROUSEL_OUT_OF_MEMORY);
  EXPECT_EQ(static_cast<int>(ErrorCode::internal), CAROUSEL_INTERNAL_ERROR);
  EXPECT_EQ(static_cast<int>(ErrorCode::file_not_found), CAROUSEL_FILE_NOT_FOUND);
  EXPECT_EQ(static_cast<int>(ErrorCode::file_access), CAROUSEL_FILE_ACCESS);
  EXPECT_EQ(static_cast<int>(ErrorCode::plugin_failed), CAROUSEL_PLUGIN_FAILED);
  carousel_model* model = nullptr;
  EXPECT_EQ(carousel_model_load_memory("x", 1, "x.onnx", nullptr, &model),
            load_status("x", "x.onnx"));
  EXPECT_EQ(carousel_load_plugin("/dev/null"), CAROUSEL_FILE_ACCESS) << carousel_last_error();
  const auto text =
      std::filesystem::temp_directory_path() / ("carousel_no_library_" + std::to_string(getpid()));
  std::ofstream(text) << "not a library\n";
  expect_failure(carousel_load_plugin(text.c_str()), CAROUSEL_PLUGIN_FAILED,
                 "not a shared library");
  std::filesystem::remove(text);
}

#if !defined(CAROUSEL_TEST_ASAN) && !defined(CAROUSEL_TEST_TSAN)  // they end the program
TEST(CApiErrors, MemoryThatCannotBeHad) {
  const Model two = testing_support::sample({.input = 3, .hidden = 4, .layers = 2}).model;
  const CNetwork network = c_prepare(c_model(two).get(), "scalar");
  auto options = sized<carousel_stream_options>();
  options.batch = std::int64_t{1} << 20;
  options.max_steps = std::int64_t{1} << 32;  // 2^56 bytes between the layers
  carousel_stream* stream = nullptr;
  EXPECT_EQ(carousel_stream_new(network.get(), &options, &stream), CAROUSEL_OUT_OF_MEMORY)
      << carousel_last_error();
  EXPECT_EQ(stream, nullptr);
}
#endif

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
