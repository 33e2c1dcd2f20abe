// SPDX-License-Identifier: Apache-2.0
// Allocations and libraries that fail under the functions of the C interface: a status and a text,
// and the caller's handle is null.
#include "c_api/handles.hpp"
#include "failures/each_allocation.hpp"
#include "failures/samples.hpp"

#include <carousel/error.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <utility>

namespace carousel::failures {
namespace {

using namespace c_api_test;

const Error kRefused(ErrorCode::invalid_argument, "a status");

/// What a status stands for, as an exception. There is a text with each.
void throw_status(carousel_status status) {
  if (status == CAROUSEL_OK) return;
  if (*carousel_last_error() == '\0') throw 1;
  throw Error(kRefused);  // copied without an allocation
}

void each_status(const std::string& name, const std::function<carousel_status()>& call,
                 bool refuses = false) {
  // The thread's text of an error has a block of memory from then on.
  static_cast<void>(carousel_load_plugin(std::string(300, 'x').c_str()));
  fail_each_allocation({.name = name, .call = [&] { throw_status(call()); }, .throws = refuses});
}

TEST(CFailures, FromFileToStream) {
  const std::vector<std::byte> bytes = seed("safetensors/lstm");
  auto load_options = sized<carousel_load_options>();
  load_options.ignore_extra = true;
  carousel_model* model = nullptr;
  each_status("carousel_model_load_memory", [&] {
    carousel_model_free(std::exchange(model, nullptr));
    return carousel_model_load_memory(bytes.data(), bytes.size(), "t", &load_options, &model);
  });
  ASSERT_NE(model, nullptr);
  const CModel owned(model);
  auto options = sized<carousel_prepare_options>();
  options.backend = "scalar";
  carousel_network* network = nullptr;
  each_status("carousel_prepare", [&] {
    carousel_network_free(std::exchange(network, nullptr));
    return carousel_prepare(model, &options, &network);
  });
  ASSERT_NE(network, nullptr);
  const CNetwork owned_network(network);
  carousel_stream* stream = nullptr;
  each_status("carousel_stream_new", [&] {
    carousel_stream_free(std::exchange(stream, nullptr));
    return carousel_stream_new(network, nullptr, &stream);
  });
  ASSERT_NE(stream, nullptr);
  const CStream owned_stream(stream);
  const Folder folder;
  const std::string path = (folder / "m.safetensors").string();
  each_status("carousel_model_save", [&] { return carousel_model_save(model, path.c_str()); });
}

/// The text of a refusal finds no memory either.
TEST(CFailures, Refusals) {
  const std::vector<std::byte> bytes = damaged_seed("safetensors/lstm");
  carousel_model* model = nullptr;
  each_status(
      "carousel_model_load_memory of damaged bytes",
      [&] { return carousel_model_load_memory(bytes.data(), bytes.size(), "t", nullptr, &model); },
      true);
  each_status(
      "carousel_model_load of no file",
      [&] { return carousel_model_load("/no/such/file", nullptr, &model); }, true);
  EXPECT_EQ(model, nullptr);
}

TEST(CFailures, Layers) {
  const Model model = small_model();
  carousel_model* built = nullptr;
  each_status("carousel_model_new", [&] {
    carousel_model_free(std::exchange(built, nullptr));
    return carousel_model_new(&built);
  });
  const CModel owned(built);
  const carousel_layer_spec spec = c_spec(DenseSpec{5, 2});
  const std::vector<carousel_tensor> tensors = c_tensors(model.layers[1].weights);
  const carousel_weights weights = c_weights(tensors);
  // A layer is added whole or not at all: each call begins with an empty model.
  each_status("carousel_model_add_layer", [&] {
    carousel_model* fresh = nullptr;
    if (const carousel_status status = carousel_model_new(&fresh)) return status;
    const CModel mine(fresh);
    return carousel_model_add_layer(fresh, &spec, &weights, nullptr);
  });
}

TEST(CFailures, CrossCheck) {
  const CModel model = c_model(small_model());
  const std::vector<float> x(6, 0.5F);
  auto input = sized<carousel_run_args>();
  input.steps = 2;
  input.x = x.data();
  auto options = sized<carousel_check_options>();
  options.backend = "scalar";
  carousel_check_report* report = nullptr;
  each_status("carousel_cross_check", [&] {
    carousel_check_free(std::exchange(report, nullptr));
    return carousel_cross_check(model.get(), 1, &input, &options, &report);
  });
  carousel_check_free(report);
}

}  // namespace
}  // namespace carousel::failures
