// SPDX-License-Identifier: Apache-2.0
// Tilings are about speed: each gives the bits of the one that a backend uses by itself.
#include "core/model/element_count.hpp"
#include "core/verify/conformance/random.hpp"
#include "support/every_backend.hpp"

#include <carousel/compare.hpp>

#include <gtest/gtest.h>

#include <set>

namespace carousel::testing_support {
namespace {

struct Work {
  RecurrentSpec spec;
  std::int64_t batch = 1;
  std::int64_t steps = 1;
  int threads = 1;
  bool own_lengths = false;
};

std::vector<Work> list_work() {
  RecurrentSpec lstm = make_spec(Cell::lstm, 20, 33);
  RecurrentSpec gru = make_spec(Cell::gru, 33, 20, Direction::bidirectional);
  gru.linear_before_reset = true;
  RecurrentSpec reset_first = make_spec(Cell::gru, 20, 33);
  reset_first.linear_before_reset = false;
  const RecurrentSpec rnn = make_spec(Cell::rnn, 20, 70, Direction::reverse);
  const RecurrentSpec projected = make_spec(Cell::lstm, 9, 40, Direction::forward, 12);
  const RecurrentSpec big = make_spec(Cell::lstm, 230, 240);  // has other needs than the others
  const RecurrentSpec half =
      make_spec(Cell::lstm, 230, 232);  // likewise, and half a vector is left
  RecurrentSpec peephole = lstm;
  peephole.peephole = true;
  std::vector<Work> work;
  for (const RecurrentSpec& spec : {lstm, gru, reset_first, rnn, projected, peephole}) {
    for (const std::int64_t batch : {1, 3, 13}) {
      for (const int threads : {1, 3}) {
        work.push_back({spec, batch, 40, threads, batch > 1});
      }
    }
  }
  work.push_back({lstm, 40, 9, 2, false});
  work.push_back({big, 1, 30, 1, false});
  work.push_back({big, 4, 14, 3, true});
  work.push_back({big, 7, 14, 2, false});
  work.push_back({half, 4, 14, 3, true});
  work.push_back({half, 7, 14, 2, false});
  return work;
}

/// The layer's weights, inputs and initial state; the same for each tiling.
class Problem {
 public:
  explicit Problem(const Work& work) : work_(work) {
    conformance::Random random(7);
    const RecurrentSpec& spec = work.spec;
    layer_.spec = spec;
    for (const WeightRole& role : weight_roles(spec)) {
      if (!role.required) continue;
      const std::int64_t count = element_count(role.shape).value();
      layer_.weights[role.name] = Tensor(role.shape, random.floats(count, 0.3));
    }
    x_ = random.floats(work.steps * work.batch * spec.input_size, 1);
    state_ = random.floats(4 * work.batch * (spec.hidden_size + spec.state_size()), 0.5);
    if (work.own_lengths) {
      for (std::int64_t b = 0; b < work.batch; ++b) lengths_.push_back(random.up_to(work.steps));
    }
  }

  /// y, h and c of a run of so many rows.
  [[nodiscard]] std::vector<float> run(const Backend& backend, const std::string& tiling,
                                       std::int64_t rows) const {
    LayerOptions options = hints();
    options.tiling = tiling;
    const auto layer = backend.prepare(work_.spec, layer_.weights, options);
    const auto workspace = layer->workspace({.batch = rows, .max_steps = work_.steps});
    const RecurrentSpec& spec = work_.spec;
    std::vector<float> result(
        static_cast<std::size_t>(work_.steps * rows * spec.output_size()) + state_.size(), 99.0F);
    float* state = result.data() + work_.steps * rows * spec.output_size();
    std::ranges::copy(state_, state);
    const auto next = [&](std::int64_t features) {
      float* from = state;
      state += work_.batch * features;
      return from;
    };
    std::vector<float*> states;
    for (const StateSpec& each : carousel::states(spec)) states.push_back(next(each.size));
    const auto x = steps_first<const float>(x_.data(), work_.steps, rows, spec.input_size);
    const Status status =
        layer->forward({.inputs = {&x, 1},
                        .y = steps_first(result.data(), work_.steps, rows, spec.output_size()),
                        .lengths = lengths_.empty() ? nullptr : lengths_.data(),
                        .states = states},
                       *workspace);
    if (!status) throw Error(ErrorCode::internal, status.message());
    return result;
  }

  [[nodiscard]] LayerOptions hints() const {
    return {.threads = work_.threads,
            .exact_threads = true,
            .batch = work_.batch,
            .steps = work_.steps};
  }

 private:
  Work work_;
  ModelLayer layer_;
  std::vector<float> x_, state_;
  std::vector<std::int64_t> lengths_;
};

class Tilings : public ::testing::TestWithParam<std::string> {};

TEST_P(Tilings, GiveTheSameBits) {
  const Backend& backend = *select_backends(GetParam()).front();
  std::set<std::string> tried;
  for (const Work& work : list_work()) {
    if (!backend.supports(work.spec, Precision::float32)) continue;
    const Problem problem(work);
    const std::vector<std::string> tilings = backend.tilings(work.spec, problem.hints());
    EXPECT_NE(tilings.size(), 1U) << "one way has no name";
    if (tilings.empty()) continue;
    EXPECT_EQ(std::set<std::string>(tilings.begin(), tilings.end()).size(), tilings.size());
    // One row as well: streams need not have the expected batch.
    for (const std::int64_t rows : {work.batch, std::int64_t{1}}) {
      const std::vector<float> expected = problem.run(backend, "", rows);
      for (const std::string& tiling : tilings) {
        EXPECT_EQ(first_different_bit(problem.run(backend, tiling, rows), expected), -1)
            << describe(work.spec) << ", batch " << work.batch << ", " << rows << " rows, "
            << work.threads << " threads: " << tiling;
        tried.insert(tiling);
      }
    }
  }
  const bool has_tilings = backend.family() == "xsimd";
  EXPECT_EQ(tried.size() >= 3, has_tilings);
}

INSTANTIATE_TEST_SUITE_P(Backends, Tilings, ::testing::ValuesIn(runnable_ids()), id_as_test_name);

}  // namespace
}  // namespace carousel::testing_support
