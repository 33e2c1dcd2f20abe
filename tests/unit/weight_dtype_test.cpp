// SPDX-License-Identifier: Apache-2.0
// Weights stored in other types than float32 give the same bits as their values in float32, on each
// backend: nothing but the packing knows of the type.
#include "support/every_backend.hpp"

#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <cstring>

namespace carousel::testing_support {
namespace {

constexpr std::int64_t kBatch = 3;
constexpr std::int64_t kSteps = 4;
constexpr std::int64_t kInputs = 5;

/// Any pattern of bits that is a number of moderate size, with the sign at the top.
std::uint64_t number_bits(DType dtype, std::uint64_t k) {
  const std::uint64_t scrambled = k * 0x9E3779B97F4A7C15U;
  const std::uint64_t sign = scrambled >> 63U;
  switch (dtype) {
    case DType::float16: return sign << 15U | 0x2C00U | (scrambled >> 20U & 0xBFFU);
    case DType::bfloat16: return sign << 15U | 0x3D80U | (scrambled >> 20U & 0x17FU);
    case DType::float64: return sign << 63U | 0x3FB0000000000000U | (scrambled & 0xFFFFFFFFFFFFFU);
    case DType::float32: break;
  }
  return 0;
}

Tensor make_tensor(DType dtype, const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  const std::size_t each = element_size(dtype);
  std::vector<std::byte> bytes(static_cast<std::size_t>(count) * each);
  for (std::size_t k = 0; k * each < bytes.size(); ++k) {
    const std::uint64_t bits = number_bits(dtype, k + bytes.size());
    std::memcpy(bytes.data() + k * each, &bits, each);  // little-endian
  }
  return {dtype, shape, std::move(bytes)};
}

ModelLayer make_layer(const LayerSpec& spec, DType dtype) {
  ModelLayer layer{.spec = spec};
  for (const WeightRole& role : weight_roles(spec)) {
    layer.weights.emplace(role.name, make_tensor(dtype, role.shape));
  }
  return layer;
}

ModelLayer in_float32(ModelLayer layer) {
  for (auto& [role, tensor] : layer.weights) {
    tensor = Tensor(tensor.shape(), tensor.to_float32());
  }
  return layer;
}

std::vector<float> run(const ModelLayer& layer, const std::string& backend) {
  const Network network = prepare(layer, {.backend = backend, .batch = kBatch, .steps = kSteps});
  Stream stream = network.stream({.batch = kBatch, .max_steps = kSteps});
  std::vector<float> y(static_cast<std::size_t>(kSteps * kBatch * network.output_size()));
  std::vector<float> x;
  for (int k = 0; k < kSteps * kBatch * kInputs; ++k)
    x.push_back(0.25F * static_cast<float>(k % 7));
  const std::vector<std::int32_t> ids(x.begin(), x.begin() + kSteps * kBatch);
  const auto out = steps_first(y.data(), kSteps, kBatch, network.output_size());
  const Status status =
      network.takes_ids()
          ? stream.run_ids(steps_first(ids.data(), kSteps, kBatch, 1), out)
          : stream.run(steps_first<const float>(x.data(), kSteps, kBatch, kInputs), out);
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  return y;
}

/// One layer of each kind that has weights, with every weight that it can have.
std::vector<LayerSpec> every_kind() {
  RecurrentSpec lstm = make_spec(Cell::lstm, kInputs, 7, Direction::bidirectional, 3);
  lstm.peephole = true;
  return {lstm, make_spec(Cell::gru, kInputs, 7), make_spec(Cell::rnn, kInputs, 7),
          DenseSpec{kInputs, 3}, EmbeddingSpec{2, 6}};
}

class WeightDtype : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, WeightDtype, testing::ValuesIn(runnable_ids()), id_as_test_name);

TEST_P(WeightDtype, GivesTheBitsOfItsValuesInFloat32) {
  int tried = 0;
  for (const LayerSpec& spec : every_kind()) {
    if (!select_backends(GetParam()).front()->supports(spec, Precision::float32)) continue;
    ++tried;
    for (const DType dtype : {DType::float16, DType::bfloat16, DType::float64}) {
      const ModelLayer layer = make_layer(spec, dtype);
      EXPECT_EQ(run(layer, GetParam()), run(in_float32(layer), GetParam()))
          << describe(spec) << ", " << name(dtype);
    }
  }
  EXPECT_GE(tried, 4);
}

}  // namespace
}  // namespace carousel::testing_support
