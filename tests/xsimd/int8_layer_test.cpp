// SPDX-License-Identifier: Apache-2.0
// Int8 layers give the same pre-activations to the bit on every instruction set and on the scalar
// backend. They show where the functions behind them are exact: those of plain RNNs whose function
// is the identity, of dense layers, and of an LSTM's first step from zero states.
#include "core/verify/conformance/random.hpp"
#include "support/every_backend.hpp"

#include <carousel/backend.hpp>
#include <carousel/model.hpp>
#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <string>
#include <vector>

namespace carousel::testing_support {
namespace {

constexpr Activation kIdentity{ActivationKind::affine, 1.0F, 0.0F};

Model model_of(const LayerSpec& spec) {
  conformance::Random random(7);
  Weights weights;
  for (const WeightRole& role : weight_roles(spec)) {
    if (!role.required) continue;  // states begin with zeros
    std::int64_t count = 1;
    for (const std::int64_t size : role.shape) count *= size;
    weights.emplace(role.name, Tensor(role.shape, random.floats(count, 0.3)));
  }
  Model model;
  model.layers.push_back({.spec = spec, .weights = std::move(weights)});
  return model;
}

std::vector<std::uint32_t> bits_of(const Model& model, const std::string& id,
                                   const std::vector<float>& x, std::int64_t batch) {
  const Network network = prepare(model, {.backend = id, .precision = Precision::int8});
  const auto steps = static_cast<std::int64_t>(x.size()) / network.input_size() / batch;
  Stream stream = network.stream({.batch = batch, .max_steps = steps});
  std::vector<float> y(static_cast<std::size_t>(steps * batch * network.output_size()));
  const Status status = stream.run(steps_first(x.data(), steps, batch, network.input_size()),
                                   steps_first(y.data(), steps, batch, network.output_size()));
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  std::vector<std::uint32_t> bits;
  for (const float v : y) bits.push_back(v == v ? std::bit_cast<std::uint32_t>(v) : ~0U);
  return bits;
}

void expect_same_bits_everywhere(const LayerSpec& spec, std::int64_t steps, std::int64_t batch) {
  const Model model = model_of(spec);
  conformance::Random random(11);
  std::vector<float> x = random.floats(steps * batch * input_size(spec), 2.0);
  x[0] = batch > 1 ? std::numeric_limits<float>::infinity() : x[0];
  const std::vector<std::uint32_t> expected = bits_of(model, "scalar", x, batch);
  for (const std::string& id : deterministic_ids()) {
    EXPECT_EQ(bits_of(model, id, x, batch), expected)
        << id << ": " << describe(spec) << ", batch " << batch;
  }
}

RecurrentSpec with_identities(RecurrentSpec spec) {
  for (ActivationSet& functions : spec.activations) functions.fill(kIdentity);
  return spec;
}

TEST(Int8Layer, PreactivationsOfRnnsHaveTheSameBits) {
  for (const std::int64_t hidden : {1, 15, 16, 33, 70}) {
    for (const std::int64_t batch : {1, 2, 7, 26}) {
      const RecurrentSpec spec = make_spec(Cell::rnn, 19, hidden, Direction::bidirectional);
      expect_same_bits_everywhere(with_identities(spec), 9, batch);
    }
  }
}

TEST(Int8Layer, PreactivationsOfLstmsHaveTheSameBits) {
  for (const std::int64_t hidden : {2, 20, 64, 100}) {
    for (const std::int64_t proj : {std::int64_t{0}, (hidden + 1) / 2}) {
      const RecurrentSpec spec = make_spec(Cell::lstm, 31, hidden, Direction::forward, proj);
      expect_same_bits_everywhere(with_identities(spec), 1, 5);
    }
  }
}

TEST(Int8Layer, DenseLayersHaveTheSameBits) {
  for (const std::int64_t outputs : {1, 10, 48, 70, 200}) {
    for (const std::int64_t batch : {1, 3, 50}) {
      expect_same_bits_everywhere(DenseSpec{45, outputs}, 4, batch);
    }
  }
}

TEST(Int8Layer, SumsThatMayNotFitAreRefused) {
  const DenseSpec fits{133'144, 1};
  const DenseSpec too_long{133'145, 1};
  for (const std::string& id : deterministic_ids()) {
    const Backend& backend = *select_backends(id).front();
    EXPECT_TRUE(backend.supports(fits, Precision::int8)) << id;
    EXPECT_TRUE(backend.supports(too_long, Precision::float32)) << id;
    const Support refused = backend.supports(too_long, Precision::int8);
    EXPECT_FALSE(refused) << id;
    EXPECT_NE(refused.reason.find("133145 products"), std::string::npos) << refused.reason;
  }
}

TEST(Int8Layer, PackedWeightsTakeAQuarter) {
  const Model model = model_of(make_spec(Cell::lstm, 256, 256));
  for (const Backend* backend : select_backends("xsimd")) {
    const auto bytes = [&](Precision precision) {
      const Network network = prepare(model, {.backend = backend->id(), .precision = precision});
      return static_cast<double>(network.layers().front().memory_bytes);
    };
    EXPECT_LE(bytes(Precision::int8), 0.27 * bytes(Precision::float32)) << backend->id();
  }
}

}  // namespace
}  // namespace carousel::testing_support
