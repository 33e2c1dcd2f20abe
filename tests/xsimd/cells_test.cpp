// SPDX-License-Identifier: Apache-2.0
// What heads and layer normalization promise beyond the right numbers, on each instruction set.
#include <carousel/backend.hpp>
#include <carousel/compare.hpp>
#include <carousel/cpu.hpp>
#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace carousel::simd {
namespace {

constexpr std::int64_t kInputs = 6;
constexpr std::int64_t kSteps = 5;
constexpr std::int64_t kBatch = 9;

std::vector<std::string> list_isas() {
  std::vector<std::string> ids;
  for (const Backend* backend : select_backends("xsimd")) {
    if (backend->available(cpu())) ids.push_back("xsimd:" + std::string(backend->isa()));
  }
  return ids;
}

std::vector<float> random_floats(std::int64_t count, float limit, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> uniform(-limit, limit);
  std::vector<float> values(static_cast<std::size_t>(count));
  std::ranges::generate(values, [&] { return uniform(engine); });
  return values;
}

std::int64_t elements(const WeightRole& role) {
  std::int64_t count = 1;
  for (const std::int64_t size : role.shape) count *= size;
  return count;
}

ModelLayer random_layer(const RecurrentSpec& spec) {
  ModelLayer layer{.spec = spec};
  unsigned seed = 1;
  for (const WeightRole& role : weight_roles(layer.spec)) {
    if (!role.required) continue;
    layer.weights.emplace(role.name,
                          Tensor(role.shape, random_floats(elements(role), 0.6F, seed++)));
  }
  return layer;
}

struct Threads {
  int count = 1;
};

/// y of all rows and steps, [steps, batch, features]: x is as long.
std::vector<float> run(const ModelLayer& layer, const std::string& isa, const std::vector<float>& x,
                       std::int64_t batch, Threads threads = {}) {
  const std::int64_t steps = static_cast<std::int64_t>(x.size()) / batch / kInputs;
  const Network network = prepare(layer, {.backend = isa,
                                          .threads = threads.count,
                                          .exact_threads = threads.count > 1,
                                          .batch = batch,
                                          .steps = steps});
  Stream stream = network.stream({.batch = batch, .max_steps = steps});
  std::vector<float> y(static_cast<std::size_t>(steps * batch * network.output_size()));
  const Status status = stream.run(steps_first(x.data(), steps, batch, kInputs),
                                   steps_first(y.data(), steps, batch, network.output_size()));
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  return y;
}

/// Columns [first, first + count) of a matrix with so many of them.
std::vector<float> columns(const std::vector<float>& matrix, std::int64_t width, std::int64_t first,
                           std::int64_t count) {
  std::vector<float> result;
  for (auto row = matrix.begin(); row != matrix.end(); row += width) {
    result.insert(result.end(), row + first, row + first + count);
  }
  return result;
}

/// Head `head` of an sLSTM as a layer of its own: its rows of each gate of each weight.
ModelLayer head_of(const ModelLayer& layer, std::int64_t head) {
  RecurrentSpec spec = std::get<RecurrentSpec>(layer.spec);
  const std::int64_t units = spec.hidden_size / spec.heads;
  ModelLayer result{.spec = spec};
  for (const auto& [role, tensor] : layer.weights) {
    const Float32View view(&tensor);
    const std::int64_t width = tensor.shape().size() == 2 ? tensor.shape()[1] : 1;
    const std::vector<float> all(view.values().begin(), view.values().end());
    // A gate's units side by side are one row of a matrix [gates, units * width].
    std::vector<std::int64_t> shape = tensor.shape();
    shape[0] /= spec.heads;
    result.weights.emplace(role, Tensor(shape, columns(all, spec.hidden_size * width,
                                                       head * units * width, units * width)));
  }
  spec.hidden_size = units;
  spec.heads = 1;
  result.spec = spec;
  return result;
}

TEST(Slstm, AHeadHasTheBitsOfALayerOfItsOwn) {
  for (const std::int64_t units : {1, 7, 24, 50}) {
    RecurrentSpec spec = make_spec(Cell::slstm, kInputs, 3 * units);
    spec.heads = 3;
    const ModelLayer layer = random_layer(spec);
    const std::vector<float> x = random_floats(kSteps * kBatch * kInputs, 2.0F, 77);
    for (const std::string& isa : list_isas()) {
      for (const int threads : {1, 2}) {
        const std::vector<float> y = run(layer, isa, x, kBatch, {threads});
        for (std::int64_t head = 0; head < spec.heads; ++head) {
          EXPECT_EQ(first_different_bit(columns(y, spec.hidden_size, head * units, units),
                                        run(head_of(layer, head), isa, x, kBatch)),
                    -1)
              << isa << ", head " << head << " of " << units << " units, threads " << threads;
        }
      }
    }
  }
}

ModelLayer normalized_layer(std::int64_t hidden, float epsilon) {
  RecurrentSpec spec = make_spec(Cell::lstm, kInputs, hidden);
  spec.layer_norm = true;
  spec.layer_norm_epsilon = epsilon;
  return random_layer(spec);
}

// With few rows, the members of a step group share the units of each row, with many the rows.
TEST(LayerNorm, RowsHaveTheBitsThatTheyHaveAlone) {
  for (const std::int64_t hidden : {1, 13, 67}) {
    const ModelLayer layer = normalized_layer(hidden, 1e-5F);
    for (const std::int64_t batch : {1, 2, 9}) {
      const std::vector<float> x = random_floats(kSteps * batch * kInputs, 2.0F, 78);
      for (const std::string& isa : list_isas()) {
        for (const int threads : {1, 2, 3}) {
          const std::vector<float> y = run(layer, isa, x, batch, {threads});
          for (std::int64_t row = 0; row < batch; ++row) {
            const auto alone =
                run(layer, isa, columns(x, batch * kInputs, row * kInputs, kInputs), 1);
            EXPECT_EQ(first_different_bit(columns(y, batch * hidden, row * hidden, hidden), alone),
                      -1)
                << isa << ", hidden " << hidden << ", row " << row << " of " << batch
                << ", threads " << threads;
          }
        }
      }
    }
  }
}

// Normalized sums do not depend on their size, even where their squares overflow.
TEST(LayerNorm, ScaleOfTheInputsDoesNotMatter) {
  const ModelLayer layer = normalized_layer(37, 1e-30F);
  const std::vector<float> x = random_floats(kInputs, 2.0F, 79);
  for (const std::string& isa : list_isas()) {
    const std::vector<float> expected = run(layer, isa, x, 1);
    for (const float scale : {0x1p-20F, 0x1p30F, 0x1p60F, 0x1p100F}) {
      std::vector<float> scaled = x;
      for (float& value : scaled) value *= scale;
      const std::vector<float> y = run(layer, isa, scaled, 1);
      for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 1e-6) << isa;
    }
  }
}

// All units are the mean, so that only the bias is left.
TEST(LayerNorm, OfEqualUnitsIsTheBias) {
  ModelLayer layer = normalized_layer(5, 1e-5F);
  const std::vector<float> ones(20 * kInputs, 1.0F);
  layer.weights.insert_or_assign("weight_ih", Tensor({20, kInputs}, ones));
  for (const std::string& isa : list_isas()) {
    const std::vector<float> of_zeros = run(layer, isa, std::vector<float>(kInputs, 0.0F), 1);
    for (const float value : {1.0F, -3.0F, 0x1p90F}) {
      const std::vector<float> y = run(layer, isa, std::vector<float>(kInputs, value), 1);
      EXPECT_EQ(y, of_zeros) << isa << ", x " << value;
    }
  }
}

}  // namespace
}  // namespace carousel::simd
