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
  EXPECT_EQ(carousel_model_num_embeddings(c), cpp.embedding ? cpp.embedding->num_embeddings : 0);
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
  const std::int64_t hidden = load(kCharLm).layers.back().spec.hidden_size;
  EXPECT_EQ(status_with("lstm.", "embedding", "head", false), std::pair(CAROUSEL_OK, symbols));
  EXPECT_EQ(status_with("gru.", nullptr, nullptr, false).first, CAROUSEL_BAD_MODEL);
  EXPECT_EQ(status_with(nullptr, "nowhere", nullptr, false).first, CAROUSEL_BAD_MODEL);
  EXPECT_EQ(status_with(nullptr, nullptr, "", false).first, CAROUSEL_BAD_MODEL);
  EXPECT_EQ(status_with(nullptr, nullptr, "", true), std::pair(CAROUSEL_OK, hidden));
}

TEST(CApiModel, PartsOfAGraphReachTheLoader) {
  for (const char* carousel_load_options::*member :
       {&carousel_load_options::from, &carousel_load_options::to}) {
    auto options = sized<carousel_load_options>();
    options.*member = "node";
    carousel_model* model = nullptr;
    EXPECT_EQ(carousel_model_load(kCharLm.c_str(), &options, &model), CAROUSEL_BAD_MODEL);
    EXPECT_NE(std::string(carousel_last_error()).find("ONNX"), std::string::npos)
        << carousel_last_error();
  }
}

TEST(CApiModel, TheTailIsSetAndTold) {
  carousel_model* raw = nullptr;
  ASSERT_EQ(carousel_model_new(&raw), CAROUSEL_OK);
  const CModel model(raw);
  EXPECT_EQ(carousel_model_tail(raw), CAROUSEL_TAIL_NONE);
  EXPECT_EQ(carousel_model_set_tail(raw, CAROUSEL_TAIL_LOG_SOFTMAX), CAROUSEL_OK);
  EXPECT_EQ(carousel_model_tail(raw), CAROUSEL_TAIL_LOG_SOFTMAX);
  EXPECT_EQ(carousel_model_set_tail(raw, 6), CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(carousel_model_set_tail(nullptr, 0), CAROUSEL_INVALID_ARGUMENT);
  EXPECT_EQ(carousel_model_tail(nullptr), CAROUSEL_TAIL_NONE);
}

TEST(CApiModel, SavesWhatCppSaves) {
  Model cpp = testing_support::sample({.input = 4, .hidden = 8, .layers = 2, .head = 3}).model;
  cpp.names = {};
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
  auto spec = sized<carousel_layer_spec>();
  spec.input_size = 2;
  spec.hidden_size = 2;
  spec.no_bias = true;
  const std::vector<float> zeros(64);
  auto weights = sized<carousel_weights>();
  weights.weight_ih = zeros.data();
  weights.weight_hh = zeros.data();
  weights.peephole = zeros.data();
  spec.peephole = true;
  carousel_model* raw = nullptr;
  ASSERT_EQ(carousel_model_new(&raw), CAROUSEL_OK);
  const CModel model(raw);
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
