// SPDX-License-Identifier: Apache-2.0
// The dense kernels of every instruction set: how rows stand in memory, how many there are, and how
// many outputs the last block has, must not change a bit of any of them.
#include <carousel/backend.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carousel {
namespace {

constexpr std::int64_t kInputs = 5;
constexpr float kGuard = 12345.0F;

float number(std::int64_t k) { return static_cast<float>((k * 37) % 101) / 50.0F - 1.0F; }

std::vector<float> numbers(std::int64_t count, std::int64_t first) {
  std::vector<float> list;
  for (std::int64_t k = 0; k < count; ++k) list.push_back(number(first + k));
  return list;
}

std::unique_ptr<Layer> dense_layer(const Backend& backend, std::int64_t outputs, int threads) {
  Weights weights;
  weights.emplace("weight", Tensor({outputs, kInputs}, numbers(outputs * kInputs, 0)));
  weights.emplace("bias", Tensor({outputs}, numbers(outputs, 7)));
  return backend.prepare(DenseSpec{kInputs, outputs}, weights,
                         {.threads = threads, .exact_threads = true});
}

/// How the rows of a sequence stand in memory.
struct Layout {
  const char* name;
  bool batch_first;
  std::int64_t gap;  ///< floats between two rows

  [[nodiscard]] std::int64_t floats(std::int64_t rows, std::int64_t features) const {
    return rows * (features + gap);
  }
  template <class T>
  [[nodiscard]] SequenceView<T> view(T* data, std::int64_t steps, std::int64_t batch,
                                     std::int64_t features) const {
    const std::int64_t row = features + gap;
    return {data,
            steps,
            batch,
            features,
            batch_first ? row : batch * row,
            batch_first ? steps * row : row};
  }
};

constexpr Layout kLayouts[] = {{"steps first", false, 0},
                               {"batch first", true, 0},
                               {"steps first with gaps", false, 3},
                               {"batch first with gaps", true, 3}};

/// y of each row, computed alone.
std::vector<float> expected_row(const Layer& layer, const std::vector<float>& x,
                                std::int64_t outputs) {
  std::vector<float> y(static_cast<std::size_t>(outputs));
  const auto view = unbatched<const float>(x.data(), 1, kInputs);
  const auto workspace = layer.workspace({.batch = 1, .max_steps = 1});
  EXPECT_TRUE(
      layer.forward({.inputs = {&view, 1}, .y = unbatched(y.data(), 1, outputs)}, *workspace));
  return y;
}

void expect_each_row_as_alone(const Layer& layer, std::int64_t outputs, const Layout& from,
                              const Layout& to, std::int64_t steps, std::int64_t batch) {
  std::vector<float> x(static_cast<std::size_t>(from.floats(steps * batch, kInputs)));
  std::vector<float> y(static_cast<std::size_t>(to.floats(steps * batch, outputs)), kGuard);
  const auto in = from.view(x.data(), steps, batch, kInputs);
  const auto out = to.view(y.data(), steps, batch, outputs);
  const auto row_numbers = [&](std::int64_t t, std::int64_t b) {
    return numbers(kInputs, 11 * t + 3 * b);
  };
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t b = 0; b < batch; ++b) std::ranges::copy(row_numbers(t, b), in.row(t, b));
  }
  const SequenceView<const float> view = in;
  const auto workspace = layer.workspace({.batch = batch, .max_steps = steps});
  ASSERT_TRUE(layer.forward({.inputs = {&view, 1}, .y = out}, *workspace));
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t b = 0; b < batch; ++b) {
      const std::vector<float> expected = expected_row(layer, row_numbers(t, b), outputs);
      for (std::int64_t k = 0; k < outputs; ++k) {
        ASSERT_EQ(std::bit_cast<std::uint32_t>(out.row(t, b)[k]),
                  std::bit_cast<std::uint32_t>(expected[static_cast<std::size_t>(k)]))
            << "step " << t << ", row " << b << ", output " << k;
      }
      for (std::int64_t k = 0; k < to.gap; ++k) ASSERT_EQ(out.row(t, b)[outputs + k], kGuard);
    }
  }
}

TEST(Dense, RowsAreAsAloneHoweverTheyStand) {
  for (const Backend* backend : select_backends("xsimd")) {
    for (const std::int64_t outputs :
         {1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 22, 24, 31, 33, 64, 67}) {
      for (const int threads : {1, 2}) {
        const auto layer = dense_layer(*backend, outputs, threads);
        for (const Layout& from : kLayouts) {
          for (const Layout& to : kLayouts) {
            for (const auto& [steps, batch] :
                 {std::pair{1, 1}, {1, 7}, {30, 1}, {5, 3}, {3, 9}, {57, 2}}) {
              SCOPED_TRACE(backend->id() + ", " + std::to_string(outputs) + " outputs, " +
                           std::to_string(threads) + " threads, from " + from.name + " to " +
                           to.name + ", " + std::to_string(steps) + " steps of " +
                           std::to_string(batch));
              expect_each_row_as_alone(*layer, outputs, from, to, steps, batch);
              if (testing::Test::HasFatalFailure()) return;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace carousel
