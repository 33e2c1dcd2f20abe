// SPDX-License-Identifier: Apache-2.0
// Models of the C interface: loaded, built, saved, asked; and the list of backends.
#include "c_api/handles.hpp"
#include "unit/sample.hpp"

#include <carousel/backend.hpp>
#include <carousel/compare.hpp>

#include <filesystem>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <variant>

namespace carousel::c_api_test {
namespace {

const std::string kCharLm = CAROUSEL_MODELS "/charlm.safetensors";

std::string read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void expect_tells_the_same(const carousel_model* c, const Model& cpp) {
  EXPECT_EQ(carousel_model_input_size(c), cpp.input_size());
  EXPECT_EQ(carousel_model_output_size(c), cpp.output_size());
  EXPECT_EQ(carousel_model_parameter_count(c), cpp.parameter_count());
  const auto* embedding = std::get_if<EmbeddingSpec>(&cpp.layers.front().spec);
  EXPECT_EQ(carousel_model_num_embeddings(c), embedding == nullptr ? 0 : embedding->num_embeddings);
  EXPECT_EQ(carousel_model_metadata(c, "no such key"), nullptr);
  for (const auto& [key, value] : cpp.metadata) {
    EXPECT_EQ(carousel_model_metadata(c, key.c_str()), value);
  }
}

TEST(CApiModel, LoadsFilesAndMemory) {
  const Model cpp = load(kCharLm);
  ASSERT_FALSE(cpp.metadata.empty());
  carousel_model* from_file = nullptr;
  ASSERT_EQ(carousel_model_load(kCharLm.c_str(), nullptr, &from_file), CAROUSEL_OK);
  const CModel first(from_file);
  expect_tells_the_same(first.get(), cpp);

  std::string bytes = read_file(kCharLm);
  carousel_model* from_memory = nullptr;
  ASSERT_EQ(carousel_model_load_memory(bytes.data(), bytes.size(), "charlm", nullptr, &from_memory),
            CAROUSEL_OK);
  const CModel second(from_memory);
  bytes.assign(bytes.size(), '\0');  // nothing of it is kept
  expect_tells_the_same(second.get(), cpp);
  EXPECT_EQ(carousel_network_memory_bytes(c_prepare(second.get(), "scalar").get()),
            prepare(cpp, {.backend = "scalar"}).memory_bytes());
}

TEST(CApiModel, LoadOptionsReachTheLoader) {
  const auto status_with = [](const char* prefix, const char* embedding, const char* head,
                              bool ignore_extra) {
    auto options = sized<carousel_load_options>();
    options.prefix = prefix;
    options.embedding = embedding;
    options.head = head;
    options.ignore_extra = ignore_extra;
    carousel_model* model = nullptr;
    const carousel_status status = carousel_model_load(kCharLm.c_str(), &options, &model);
    const CModel owner(model);
    return std::pair(status, carousel_model_output_size(model));
  };
  const std::int64_t symbols = load(kCharLm).output_size();
  const std::int64_t hidden = input_size(load(kCharLm).layers.back().spec);
  EXPECT_EQ(status_with("lstm.", "embedding", "head", false), std::pair(CAROUSEL_OK, symbols));
  EXPECT_EQ(status_with("gru.", nullptr, nullptr, false).first, CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(status_with(nullptr, "nowhere", nullptr, false).first, CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(status_with(nullptr, nullptr, "", false).first, CAROUSEL_BAD_FORMAT);
  EXPECT_EQ(status_with(nullptr, nullptr, "", true), std::pair(CAROUSEL_OK, hidden));
}

TEST(CApiModel, PartsOfAGraphReachTheLoader) {
  for (const char* carousel_load_options::*member :
       {&carousel_load_options::from, &carousel_load_options::to}) {
    auto options = sized<carousel_load_options>();
    options.*member = "node";
    carousel_model* model = nullptr;
    EXPECT_EQ(carousel_model_load(kCharLm.c_str(), &options, &model), CAROUSEL_INVALID_ARGUMENT);
    EXPECT_NE(std::string(carousel_last_error()).find("ONNX"), std::string::npos)
        << carousel_last_error();
  }
}

TEST(CApiModel, UsualSpecsOfEveryKind) {
  const carousel_layer_spec gru = usual(CAROUSEL_GRU);
  EXPECT_EQ(gru.struct_size, sizeof gru);
  EXPECT_EQ(gru.kind, CAROUSEL_GRU);
  EXPECT_TRUE(gru.bias);
  EXPECT_TRUE(gru.linear_before_reset);
  EXPECT_EQ(gru.activations[0][0].kind, CAROUSEL_ACTIVATION_DEFAULT);
  EXPECT_EQ(gru.input_size, 0);
  EXPECT_TRUE(usual(CAROUSEL_LSTM).bias);
  EXPECT_FALSE(usual(CAROUSEL_LSTM).linear_before_reset);
  EXPECT_TRUE(usual(CAROUSEL_RNN).bias);
  EXPECT_TRUE(usual(CAROUSEL_DENSE).bias);
  EXPECT_FALSE(usual(CAROUSEL_EMBEDDING).bias);
  EXPECT_FALSE(usual(CAROUSEL_ACTIVATION).bias);
  EXPECT_FALSE(usual(CAROUSEL_CONCATENATE).bias);
  EXPECT_TRUE(usual(CAROUSEL_SLSTM).bias);
  auto spec = sized<carousel_layer_spec>();
  EXPECT_EQ(carousel_layer_spec_init(&spec, 99), CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(carousel_layer_spec_init(nullptr, CAROUSEL_LSTM), CAROUSEL_INVALID_ARGUMENT);
  spec.struct_size = 0;
  EXPECT_EQ(carousel_layer_spec_init(&spec, CAROUSEL_LSTM), CAROUSEL_INVALID_ARGUMENT);
}

/// Two inputs, a skip connection and two outputs: what a file has of them is what was built.
TEST(CApiModel, LayersAreWiredByName) {
  const auto weight = [](std::int64_t rows, std::int64_t columns) {
    return Tensor({rows, columns}, std::vector<float>(static_cast<std::size_t>(rows * columns), 1));
  };
  Model cpp;
  cpp.inputs = {{"left", 2, false}, {"words", 1, true}};
  cpp.layers = {{.spec = DenseSpec{2, 3, false},
                 .weights = {{"weight", weight(3, 2)}},
                 .name = "fc",
                 .inputs = {"left"}},
                {.spec = EmbeddingSpec{5, 2},
                 .weights = {{"weight", weight(5, 2)}},
                 .name = "table",
                 .inputs = {"words"}},
                {.spec = ConcatenateSpec{{3, 2}}, .name = "both", .inputs = {"fc", "table"}},
                {.spec = ActivationSpec{{ActivationKind::tanh}, 5}}};
  cpp.outputs = {{"y", "activation"}, {"raw", "fc"}};
  const CModel model = c_model(cpp);
  EXPECT_EQ(carousel_model_input_size(model.get()), 2);
  EXPECT_EQ(carousel_model_output_size(model.get()), 5);
  EXPECT_EQ(carousel_model_num_embeddings(model.get()), 5);
  const auto file = (std::filesystem::temp_directory_path() /
                     ("c_api_wired_" + std::to_string(::getpid()) + ".safetensors"))
                        .string();
  ASSERT_EQ(carousel_model_save(model.get(), file.c_str()), CAROUSEL_OK) << carousel_last_error();
  const Model read = load(file);
  std::filesystem::remove(file);
  EXPECT_EQ(read.inputs, cpp.inputs);
  EXPECT_EQ(read.outputs, cpp.outputs);
  ASSERT_EQ(read.layers.size(), cpp.layers.size());
  for (std::size_t k = 0; k < cpp.layers.size(); ++k) {
    EXPECT_EQ(read.layers[k].spec, cpp.layers[k].spec) << k;
    EXPECT_EQ(read.layers[k].weights, cpp.layers[k].weights) << k;
    EXPECT_EQ(read.layers[k].name, layer_names(cpp)[k]);
  }
}

/// Weights are kept as they are given: nothing is converted before a backend packs them.
TEST(CApiModel, WeightsMayBeStoredInAnyType) {
  const std::vector<double> values{0.5, -0.25};
  const std::int64_t shape[2] = {1, 2};
  const std::vector<carousel_tensor> tensors{
      {"weight", CAROUSEL_DTYPE_F64, 2, shape, values.data()}};
  const carousel_weights weights = c_weights(tensors);
  auto spec = usual(CAROUSEL_DENSE);
  spec.input_size = 2;
  spec.output_size = 1;
  spec.bias = false;
  const CModel model = empty_model();
  ASSERT_EQ(carousel_model_add_layer(model.get(), &spec, &weights, nullptr), CAROUSEL_OK)
      << carousel_last_error();
  const CNetwork network = c_prepare(model.get(), "scalar");
  const CStream stream = c_stream(network.get(), 1, 1);
  const float x[2] = {2.0F, 4.0F};
  float y = 1.0F;
  ASSERT_EQ(carousel_stream_run(stream.get(), 1, x, &y), CAROUSEL_OK);
  EXPECT_EQ(y, 0.0F);
}

TEST(CApiModel, SavesWhatCppSaves) {
  Model cpp = testing_support::sample({.input = 4, .hidden = 8, .layers = 2, .head = 3}).model;
  const auto folder = std::filesystem::temp_directory_path();
  const std::string c_file = folder / ("c_api_" + std::to_string(::getpid()) + ".safetensors");
  const std::string cpp_file = folder / ("cpp_api_" + std::to_string(::getpid()) + ".safetensors");
  ASSERT_EQ(carousel_model_save(c_model(cpp).get(), c_file.c_str()), CAROUSEL_OK)
      << carousel_last_error();
  save(cpp, cpp_file);
  EXPECT_EQ(read_file(c_file), read_file(cpp_file));
  EXPECT_GT(read_file(c_file).size(), 1000U);
  std::filesystem::remove(c_file);
  std::filesystem::remove(cpp_file);
}

TEST(CApiModel, SavesOnnxOrSaysWhyNot) {
  const Model cpp = testing_support::sample({.input = 4, .hidden = 8}).model;
  const auto folder = std::filesystem::temp_directory_path();
  const std::string file = folder / ("c_api_" + std::to_string(::getpid()) + ".onnx");
  if (carousel_model_save_onnx(c_model(cpp).get(), file.c_str()) == CAROUSEL_OK) {
    EXPECT_EQ(load(file).layers.front().spec, cpp.layers.front().spec);
    std::filesystem::remove(file);
  } else {
    EXPECT_NE(std::string(carousel_last_error()).find("no ONNX support"), std::string::npos);
  }
}

TEST(CApiModel, VariantsOfASpecArrive) {
  // What no backend can run, each says so with the reason; the variant's name shows it arrived.
  auto spec = usual(CAROUSEL_LSTM);
  spec.input_size = 2;
  spec.hidden_size = 2;
  spec.bias = false;
  spec.peephole = true;
  const std::vector<float> zeros(64);
  const std::int64_t matrix[2] = {8, 2};
  const std::int64_t diagonal[1] = {6};
  const std::vector<carousel_tensor> tensors{
      {"weight_ih", CAROUSEL_DTYPE_F32, 2, matrix, zeros.data()},
      {"weight_hh", CAROUSEL_DTYPE_F32, 2, matrix, zeros.data()},
      {"peephole", CAROUSEL_DTYPE_F32, 1, diagonal, zeros.data()}};
  const carousel_weights weights = c_weights(tensors);
  const CModel model = empty_model();
  carousel_model* raw = model.get();
  ASSERT_EQ(carousel_model_add_layer(raw, &spec, &weights, nullptr), CAROUSEL_OK)
      << carousel_last_error();
  EXPECT_EQ(carousel_model_parameter_count(raw), 8 * 2 + 8 * 2 + 3 * 2);
}

TEST(CApiBackends, AreThoseOfCpp) {
  const auto entries = backends();
  ASSERT_EQ(carousel_backend_count(), entries.size());
  int available = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto info = sized<carousel_backend_info>();
    ASSERT_EQ(carousel_backend_get(i, &info), CAROUSEL_OK);
    EXPECT_EQ(info.id, entries[i].name);
    const bool runs = entries[i].backend != nullptr && entries[i].backend->available(cpu());
    EXPECT_EQ(info.available, runs);
    EXPECT_EQ(std::string(info.reason).empty(), runs) << info.id << ": " << info.reason;
    EXPECT_EQ(std::string(info.description).empty(), entries[i].backend == nullptr);
    available += info.available ? 1 : 0;
  }
  EXPECT_GE(available, 1);
}

TEST(CApiVersion, HeaderAndLibraryAgree) {
  EXPECT_EQ(carousel_version(), std::to_string(CAROUSEL_VERSION_MAJOR) + "." +
                                    std::to_string(CAROUSEL_VERSION_MINOR) + "." +
                                    std::to_string(CAROUSEL_VERSION_PATCH));
}

}  // namespace
}  // namespace carousel::c_api_test
