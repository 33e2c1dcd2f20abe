// SPDX-License-Identifier: Apache-2.0
// Precisions of weights: how numbers are rounded, which layers have which, and what is refused.
#include "core/model/half.hpp"
#include "core/model/stored_weights.hpp"

#include <carousel/backend.hpp>
#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace carousel {
namespace {

TEST(Rounding, KeepsEveryNumberOf16Bits) {
  for (std::uint32_t bits = 0; bits <= 0xFFFFU; ++bits) {
    const auto number = static_cast<std::uint16_t>(bits);
    const float half = float_from_half(number);
    const float bfloat = float_from_bfloat16(number);
    if (!std::isnan(half)) {
      ASSERT_EQ(half_from(half), number) << half;
    }
    if (!std::isnan(bfloat)) {
      ASSERT_EQ(bfloat16_from(bfloat), number) << bfloat;
    }
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(float_from_half(half_from(nan))));
  EXPECT_TRUE(std::isnan(float_from_bfloat16(bfloat16_from(nan))));
}

/// Between each two neighbours: what is nearer, and of both the even one where neither is.
TEST(Rounding, GoesToTheNearestAndFromTheMiddleToTheEvenOne) {
  for (std::uint16_t lower = 0; lower < 0x7BFFU; ++lower) {
    const auto upper = static_cast<std::uint16_t>(lower + 1);
    const double middle = (double{float_from_half(lower)} + float_from_half(upper)) / 2;
    ASSERT_EQ(half_from(middle), lower % 2 == 0 ? lower : upper);
    ASSERT_EQ(half_from(std::nextafter(middle, 0)), lower) << "not by way of float32";
    ASSERT_EQ(half_from(-std::nextafter(middle, 1e9)), upper | 0x8000U);
  }
  EXPECT_EQ(float_from_half(half_from(65519.99)), 65504.0F);
  EXPECT_TRUE(std::isinf(float_from_half(half_from(65520))));
  EXPECT_TRUE(std::isinf(float_from_bfloat16(bfloat16_from(3.4e38))));
  EXPECT_EQ(bfloat16_from(1 + 0x1p-8), bfloat16_from(1.0)) << "a tie, to the even one";
  EXPECT_EQ(bfloat16_from(std::nextafter(1 + 0x1p-8, 2)), bfloat16_from(1 + 0x1p-7));
}

ModelLayer made_layer(const LayerSpec& spec, const std::string& layer_name) {
  ModelLayer layer{.spec = spec, .name = layer_name};
  for (const WeightRole& role : weight_roles(spec)) {
    if (!role.required) continue;
    const std::int64_t count =
        std::accumulate(role.shape.begin(), role.shape.end(), std::int64_t{1}, std::multiplies<>());
    std::vector<float> values(static_cast<std::size_t>(count));
    for (std::size_t k = 0; k < values.size(); ++k) {
      values[k] = std::sin(static_cast<float>(k) + 0.5F) * 0.1F;
    }
    layer.weights.emplace(role.name, Tensor(role.shape, values));
  }
  return layer;
}

/// An LSTM, a head and a function, which has no precision.
Model made_model() {
  Model model;
  model.layers = {made_layer(make_spec(Cell::lstm, 4, 128), "lstm"),
                  made_layer(DenseSpec{128, 4}, "head"),
                  made_layer(ActivationSpec{{ActivationKind::tanh}, 4}, "function")};
  return model;
}

std::string refusal_of(const Model& model, const PrepareOptions& options) {
  try {
    (void)prepare(model, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(LayerPrecisions, AreThoseOfTheNetworkButForExceptions) {
  const Network network =
      prepare(made_model(), {.backend = "xsimd",
                             .precision = Precision::float16,
                             .layer_precisions = {{"head", Precision::float32}}});
  EXPECT_EQ(network.layers()[0].precision, Precision::float16);
  EXPECT_EQ(network.layers()[1].precision, Precision::float32);
  EXPECT_EQ(network.layers()[2].precision, Precision::float32) << "it has no weights";
}

TEST(LayerPrecisions, OfNoLayerOrOfOneWithoutAreRefused) {
  const auto refusal = [](const std::vector<LayerPrecision>& exceptions) {
    return refusal_of(made_model(), {.layer_precisions = exceptions});
  };
  EXPECT_NE(refusal({{"tail", Precision::float16}}).find("no such layer; there are 'lstm', 'head'"),
            std::string::npos);
  EXPECT_NE(refusal({{"function", Precision::float16}}).find("float32 always"), std::string::npos);
  EXPECT_NE(refusal({{"head", Precision::float16}, {"head", Precision::float32}}).find("another"),
            std::string::npos);
}

TEST(LayerPrecisions, OfNumbersThatHaveNoNameAreRefused) {
  const auto none = static_cast<Precision>(9);
  const char* text = "there is no precision of the number 9";
  EXPECT_NE(refusal_of(made_model(), {.precision = none}).find(text), std::string::npos);
  EXPECT_NE(refusal_of(made_model(), {.layer_precisions = {{"head", none}}}).find(text),
            std::string::npos);
  EXPECT_NE(refusal_of(made_model(), {.plan = static_cast<Plan>(9)}).find("no plan of the number"),
            std::string::npos);
}

TEST(LayerPrecisions, ThatABackendLacksAreRefusedByName) {
  for (const Backend* backend : select_backends("auto")) {
    const Support support = backend->supports(made_model().layers[0].spec, Precision::int8);
    if (support) continue;
    EXPECT_NE(support.reason.find("int8"), std::string::npos) << support.reason;
  }
}

TEST(StoredWeights, BeyondTheRangeAreRefusedByLayerAndWeight) {
  Model model = made_model();
  model.layers[0].weights.at("weight_hh").floats()[3] = 7e4F;
  const std::string text = refusal_of(model, {.precision = Precision::float16});
  EXPECT_NE(text.find("layer 'lstm', weight_hh: element 3 is 70000"), std::string::npos) << text;
  EXPECT_EQ(refusal_of(model, {.precision = Precision::bfloat16}), "");
  model.layers[0].weights.at("weight_hh").floats()[3] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(refusal_of(model, {.precision = Precision::float16}), "")
      << "infinity is a number of both";
}

TEST(StoredWeights, AreTheMatrices) {
  const std::vector<Precision> precisions(3, Precision::bfloat16);
  const Model stored = store_weights(made_model(), precisions);
  for (const auto& [role, weight] : stored.layers[0].weights) {
    EXPECT_EQ(weight.dtype(), role.starts_with("weight") ? DType::bfloat16 : DType::float32)
        << role;
  }
  EXPECT_EQ(store_weights(stored, precisions).layers[0].weights, stored.layers[0].weights);
}

TEST(StoredWeights, TakeHalfTheMemory) {
  Model model;
  model.layers.push_back(made_layer(make_spec(Cell::lstm, 128, 128), "lstm"));
  const Network single = prepare(model, {.backend = "xsimd"});
  for (const Precision precision : {Precision::float16, Precision::bfloat16}) {
    const Network half = prepare(model, {.backend = "xsimd", .precision = precision});
    EXPECT_LE(static_cast<double>(half.memory_bytes()),
              0.52 * static_cast<double>(single.memory_bytes()));
  }
}

}  // namespace
}  // namespace carousel
