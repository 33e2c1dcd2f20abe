// SPDX-License-Identifier: Apache-2.0
// F16, BF16 and F64 are kept as they are; where the data lie in the file does not matter.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/model/formats/state_dict.hpp"
#include "core/model/half.hpp"
#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

using Limits = std::numeric_limits<float>;

/// A bias stored as `dtype`, loaded.
template <class Stored>
Tensor load_bias(const std::string& dtype, std::vector<Stored> values) {
  values.resize(8);
  StateDict dict = recurrent_dict({});
  dict.add("lstm.bias_ih_l0", {dtype, {8}, raw(values)});
  const Model model = load(dict.bytes(), dtype);
  const Tensor& bias = *find_weight(model.layers[0].weights, "bias_ih");
  EXPECT_EQ(name(bias.dtype()), dtype);
  EXPECT_TRUE(std::ranges::equal(bias.bytes(), raw(values))) << "not as the file has it";
  return bias;
}

/// The same bits, since NaN differs from itself and zero equals minus zero.
void expect_same_bits(float value, float expected) {
  EXPECT_EQ(std::bit_cast<std::uint32_t>(value), std::bit_cast<std::uint32_t>(expected))
      << value << " instead of " << expected;
}

TEST(Half, EveryValueIsExact) {
  for (unsigned bits = 0; bits <= 0xFFFF; ++bits) {
    const int exponent = static_cast<int>(bits >> 10U & 0x1FU);
    const int fraction = static_cast<int>(bits & 0x3FFU);
    const float sign = (bits & 0x8000U) != 0 ? -1.0F : 1.0F;
    const float value = float_from_half(static_cast<std::uint16_t>(bits));
    if (exponent == 31 && fraction != 0) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      continue;
    }
    const float magnitude = exponent == 31 ? Limits::infinity()
                            : exponent == 0
                                ? std::ldexp(static_cast<float>(fraction), -24)
                                : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
    ASSERT_EQ(value, sign * magnitude) << bits;
    ASSERT_EQ(std::signbit(value), sign < 0) << bits;
  }
}

TEST(DType, Half) {
  const auto values = load_bias<std::uint16_t>(
                          "F16", {0x3C00, 0xC000, 0x8000, 0x0001, 0x83FF, 0x7C00, 0xFC00, 0x7E01})
                          .to_float32();
  const std::vector<float> expected{1.0F,
                                    -2.0F,
                                    -0.0F,
                                    std::ldexp(1.0F, -24),
                                    std::ldexp(-1023.0F, -24),
                                    Limits::infinity(),
                                    -Limits::infinity()};
  for (std::size_t i = 0; i < expected.size(); ++i) expect_same_bits(values[i], expected[i]);
  EXPECT_TRUE(std::isnan(values[7]));
}

TEST(DType, BFloat16) {
  const auto values =
      load_bias<std::uint16_t>("BF16", {0x3F80, 0xC049, 0x8000, 0x0001, 0x7F80, 0x7FC1, 0x7F7F})
          .to_float32();
  const std::vector<float> expected{1.0F,
                                    -3.140625F,
                                    -0.0F,
                                    std::ldexp(1.0F, -133),
                                    Limits::infinity(),
                                    std::bit_cast<float>(0x7FC10000U),
                                    std::bit_cast<float>(0x7F7F0000U)};
  for (std::size_t i = 0; i < expected.size(); ++i) expect_same_bits(values[i], expected[i]);
}

TEST(DType, DoubleIsRoundedToNearest) {
  const double one_and_half_ulp = 1.0 + std::ldexp(1.0, -24);  // a tie: to even
  const double just_above = one_and_half_ulp + std::ldexp(1.0, -50);
  const auto values =
      load_bias<double>("F64", {0.1, one_and_half_ulp, just_above, HUGE_VAL, -0.0, 1e-46, 1e-40})
          .to_float32();
  const std::vector<float> expected{
      0.1F, 1.0F, 1.0F + Limits::epsilon(), Limits::infinity(), -0.0F, 0.0F, 1e-40F};
  for (std::size_t i = 0; i < expected.size(); ++i) expect_same_bits(values[i], expected[i]);
}

/// It would be infinite in every run, and finite in the file.
TEST(DType, DoublesBeyondFloat32AreRefused) {
  std::string error;
  try {
    (void)load_bias<double>("F64", {0.1, 3.4028235e38, -3.5e38});
  } catch (const Error& refused) {
    EXPECT_EQ(refused.code(), ErrorCode::unsupported);
    error = refused.what();
  }
  EXPECT_TRUE(contains(error, "': element 2 is -3.5e+38, which is beyond float32")) << error;
}

TEST(DType, FloatKeepsItsBits) {
  const std::vector<std::uint32_t> bits{0x7FA00001U, 0xFFFFFFFFU, 0x80000000U, 0x00000001U};
  const auto values = load_bias<std::uint32_t>("F32", bits).to_float32();
  // A signalling NaN stays one: values are copied, never computed with.
  for (std::size_t i = 0; i < bits.size(); ++i)
    expect_same_bits(values[i], std::bit_cast<float>(bits[i]));
}

TEST(DType, MisalignedDataAreCopied) {
  // A one-byte tensor in front, and a header whose length is odd: nothing is aligned.
  for (const char* dtype : {"F32", "F16", "BF16", "F64"}) {
    StateDict dict = recurrent_dict({});
    dict.add("a", {"U8", {1}, Bytes(1)});
    const std::string text(dtype);
    if (text == "F64") {
      dict.add("lstm.bias_ih_l0", {text, {8}, raw(std::vector<double>(8, 1.5))});
    } else if (text == "F32") {
      dict.add("lstm.bias_ih_l0", {text, {8}, raw(std::vector<float>(8, 1.5F))});
    } else {
      const std::uint16_t value = text == "F16" ? 0x3E00 : 0x3FC0;
      dict.add("lstm.bias_ih_l0", {text, {8}, raw(std::vector<std::uint16_t>(8, value))});
    }
    const Bytes shifted = Bytes(1) + dict.bytes();
    for (const std::size_t offset : {0U, 1U}) {
      const Bytes bytes = offset == 0 ? dict.bytes() : shifted;
      const Model model = load(std::span(bytes).subspan(offset), "misaligned",
                               {.prefix = {}, .embedding = {}, .head = {}, .ignore_extra = true});
      EXPECT_EQ(weight(model.layers[0], "bias_ih"), std::vector<float>(8, 1.5F)) << dtype;
    }
  }
}

/// A file with a network in half precision, as PyTorch's `model.half()` leaves it.
Bytes half_file() {
  StateDict dict;
  const auto add = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    std::vector<std::uint16_t> values(product(shape));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<std::uint16_t>(0x2E66 + 0x11 * i);
    }
    dict.add(name, {"F16", shape, raw(values)});
  };
  add("embedding.weight", {7, 3});
  add("fc.bias", {5});
  add("fc.weight", {5, 2});
  add("lstm.bias_hh_l0", {8});
  add("lstm.bias_ih_l0", {8});
  add("lstm.weight_hh_l0", {8, 2});
  add("lstm.weight_ih_l0", {8, 3});
  return dict.bytes();
}

TEST(DType, AHalfPrecisionFileIsNotWidenedAndSavedAsItWas) {
  const Bytes file = half_file();
  const Model model = load(file, "half");
  EXPECT_EQ(names_of(model), "embedding lstm.l0 fc");
  std::size_t bytes = 0;
  for (const ModelLayer& layer : model.layers) {
    for (const auto& [role, tensor] : layer.weights) {
      EXPECT_EQ(tensor.dtype(), DType::float16) << role;
      bytes += tensor.bytes().size();
    }
  }
  EXPECT_EQ(bytes, 2U * static_cast<std::size_t>(model.parameter_count()));
  EXPECT_EQ(loading::to_safetensors(model), file);
}

TEST(DType, EachTensorIsSavedInItsOwn) {
  StateDict dict = recurrent_dict({});
  dict.add("lstm.bias_ih_l0", {"F16", {8}, raw(std::vector<std::uint16_t>(8, 0x3555))});
  dict.add("lstm.bias_hh_l0", {"F64", {8}, raw(std::vector<double>(8, 0.1))});
  dict.add("lstm.weight_hh_l0", {"BF16", {8, 2}, raw(std::vector<std::uint16_t>(16, 0x3DCD))});
  const Model model = load(dict.bytes(), "mixed");
  const Model again = load(loading::to_safetensors(model), "again");
  EXPECT_EQ(again.layers[0].weights, model.layers[0].weights);
  EXPECT_EQ(again.layers[0].weights.at("bias_hh").dtype(), DType::float64);
  EXPECT_EQ(again.layers[0].weights.at("weight_ih").dtype(), DType::float32);
}

TEST(DType, NonFiniteWeightsAreLegalAndReported) {
  StateDict dict = recurrent_dict({});
  std::vector<float> bias(8, 0.25F);
  bias[1] = Limits::infinity();
  bias[6] = Limits::quiet_NaN();
  dict.add("lstm.bias_hh_l0", {"F32", {8}, raw(bias)});
  std::vector<std::uint16_t> half(4 * 2, 0x3C00);
  half[0] = 0xFC00;
  dict.add("fc.weight", {"F16", {4, 2}, raw(half)});
  const auto found = find_non_finite(load(dict.bytes(), "nan"));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "lstm.bias_hh_l0");
  EXPECT_EQ(found[0].count, 2);
  EXPECT_EQ(found[1].name, "fc.weight");
  EXPECT_EQ(found[1].count, 1);
  EXPECT_TRUE(find_non_finite(load(recurrent_dict({}).bytes(), "finite")).empty());
}

}  // namespace
}  // namespace carousel::testing
