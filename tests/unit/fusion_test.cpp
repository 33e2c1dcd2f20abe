// SPDX-License-Identifier: Apache-2.0
// Activation functions that the layer before them applies: where that is done, and that the bits
// are those of a layer of its own.
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/backend.hpp>
#include <carousel/carousel.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace carousel::testing_support {
namespace {

constexpr std::int64_t kSteps = 11;

/// A layer, and a function of what it puts out.
Model with_activation(const LayerSpec& before, const Activation& function) {
  Model model;
  model.layers.push_back(named_layer(before, "before"));
  model.layers.push_back(named_layer(ActivationSpec{function, output_size(before)}, "function"));
  return model;
}

/// The same, where somebody reads what the first layer puts out, so that nothing can be fused.
Model with_reader(Model model) {
  model.outputs = {{"y", "function"}, {"sums", "before"}};
  return model;
}

std::vector<LayerSpec> hosts() {
  return {DenseSpec{7, 3},
          DenseSpec{5, 67},
          DenseSpec{130, 300},
          ConvolutionSpec{.in_channels = 4, .out_channels = 6, .kernel_size = 3, .length = 10},
          ConvolutionSpec{.in_channels = 4,
                          .out_channels = 8,
                          .kernel_size = 3,
                          .groups = 2,
                          .pad_begin = 2,
                          .causal = true},
          NormalizationSpec{.size = 24, .group = 8}};
}

std::vector<Activation> functions() {
  return {{ActivationKind::relu},
          {ActivationKind::tanh},
          {ActivationKind::gelu},
          {ActivationKind::leaky_relu, 0.3F}};
}

/// The first output, of kSteps steps in chunks, whose rows are `gap` floats longer than its frames.
std::vector<float> run(const Network& network, std::int64_t batch, std::int64_t gap) {
  Stream stream = network.stream({.batch = batch, .max_steps = 4});
  const std::int64_t width = network.outputs().front().size;
  std::vector<float> x(static_cast<std::size_t>(kSteps * batch * network.input_size()));
  for (std::size_t k = 0; k < x.size(); ++k) x[k] = static_cast<float>(k % 19) * 0.17F - 1.5F;
  std::vector<float> y(static_cast<std::size_t>(kSteps * batch * (width + gap)), 7.0F);
  SequenceView<float> view = steps_first(y.data(), kSteps, batch, width + gap);
  view.features = width;
  const NamedInput input{
      .name = network.inputs().front().name,
      .x = steps_first<const float>(x.data(), kSteps, batch, network.input_size())};
  const NamedOutput output{.name = network.outputs().front().name, .y = view};
  const Status status = stream.run({&input, 1}, {&output, 1});
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  return y;
}

TEST(Fusion, GivesTheBitsOfALayerOfItsOwn) {
  for (const std::string& id : deterministic_ids()) {
    for (const LayerSpec& host : hosts()) {
      for (const Activation& function : functions()) {
        const Model model = with_activation(host, function);
        for (const int threads : {1, 3}) {
          const PrepareOptions options{.backend = id, .threads = threads, .exact_threads = true};
          const Network fused = prepare(model, options);
          const Network apart = prepare(with_reader(model), options);
          ASSERT_EQ(apart.layers()[1].fused_into, "");
          for (const std::int64_t gap : {0, 5}) {
            EXPECT_EQ(run(fused, 3, gap), run(apart, 3, gap))
                << id << ", " << describe(host) << ", " << describe(model.layers[1].spec);
          }
        }
      }
    }
  }
}

TEST(Fusion, IsDoneWhereABackendCan) {
  for (const std::string& id : runnable_ids()) {
    const Backend& backend = *select_backends(id).front();
    for (const LayerSpec& host : hosts()) {
      for (const Activation& function : functions()) {
        const Network network = prepare(with_activation(host, function), {.backend = id});
        EXPECT_EQ(network.layers()[1].fused_into, backend.fuses(host, function) ? "before" : "");
      }
    }
    EXPECT_TRUE(backend.fuses(NormalizationSpec{.size = 8}, {ActivationKind::relu})) << id;
    EXPECT_EQ(backend.fuses(DenseSpec{2, 2}, {ActivationKind::relu}), id != "onednn") << id;
    EXPECT_FALSE(backend.fuses(DenseSpec{2, 2}, {ActivationKind::softmax})) << id;
    EXPECT_FALSE(backend.fuses(make_spec(Cell::lstm, 2, 2), {ActivationKind::relu})) << id;
  }
}

TEST(Fusion, OfTheFirstOfTwoFunctions) {
  Model model = with_activation(DenseSpec{3, 4}, {ActivationKind::relu});
  model.layers.push_back(named_layer(ActivationSpec{{ActivationKind::tanh}, 4}, "second"));
  const std::vector<LayerPlan> plans = explain(model, {.backend = "scalar"});
  EXPECT_EQ(plans[1].fused_into, "before");
  EXPECT_EQ(plans[2].fused_into, "");
}

}  // namespace
}  // namespace carousel::testing_support
