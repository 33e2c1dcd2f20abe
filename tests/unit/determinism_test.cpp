// SPDX-License-Identifier: Apache-2.0
// The promise of the scalar and xsimd backends: a sequence gives the same bits whatever else
// happens to be computed with it, and however the work is partitioned.
#include "core/verify/conformance/random.hpp"
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/compare.hpp>
#include <carousel/cpu.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

namespace carousel::testing_support {
namespace {

constexpr std::int64_t kRows = 33;
constexpr std::int64_t kSteps = 11;

/// One way to call the engine.
struct How {
  std::int64_t batch = 1;
  std::int64_t chunk = kSteps;
  std::int64_t max_steps = kSteps;
  int threads = 1;
  bool own_lengths = false;  ///< rows padded to kSteps, with `lengths`
  bool batch_first = false;
  std::int64_t first_row = 0;  ///< which of the rows come first: changes everybody's mates
  std::int64_t hint = 1;       ///< expected batch and steps told to prepare
  std::int64_t rows = kRows;   ///< so many at least
};

std::string text(const How& how) {
  std::ostringstream out;
  out << "batch " << how.batch << ", chunk " << how.chunk << ", max_steps " << how.max_steps
      << ", threads " << how.threads << ", lengths " << how.own_lengths << ", batch first "
      << how.batch_first << ", first row " << how.first_row << ", hint " << how.hint;
  return out.str();
}

/// Independent sequences through one network, and the bits each gives when it runs alone.
class Rows {
 public:
  Rows(const Case& spec, std::string id, Precision precision = Precision::float32)
      : id_(std::move(id)), precision_(precision), model_(sample(spec).model) {
    conformance::Random random(2024);
    width_ = spec.input;
    for (std::int64_t row = 0; row < kRows; ++row) {
      x_.push_back(random.floats(kSteps * width_, 2.0));
      lengths_.push_back(random.up_to(kSteps));
    }
    for (std::int64_t row = 0; row < kRows; ++row) {
      full_.push_back(run({.first_row = row}).front());
      own_.push_back(run_alone(row, lengths_[static_cast<std::size_t>(row)]));
    }
  }

  /// Runs all rows, `how.batch` at a time, and expects the bits that each gives alone.
  void expect_same_bits(const How& how) const {
    const std::vector<Answer> found = run_all(how);
    const std::vector<Answer>& expected = how.own_lengths ? own_ : full_;
    std::int64_t compared = 0;
    for (std::size_t row = 0; row < found.size(); ++row) {
      const Answer& a = found[row];
      const Answer& b = expected[row];
      if (a.y.empty()) continue;  // was not among them
      ++compared;
      const auto real = static_cast<std::ptrdiff_t>(b.y.size());
      const std::vector<float> y(a.y.begin(), a.y.begin() + real);
      ASSERT_EQ(first_different_bit(y, b.y), -1) << "y of row " << row << ": " << text(how);
      ASSERT_EQ(a.states.size(), b.states.size());
      for (std::size_t s = 0; s < b.states.size(); ++s) {
        ASSERT_EQ(first_different_bit(a.states[s], b.states[s]), -1)
            << "state " << s << " of row " << row << ": " << text(how);
      }
      ASSERT_TRUE(is_same_at_every_step({a.y.begin() + real, a.y.end()}))
          << "padding of row " << row << ": " << text(how);
    }
    ASSERT_GE(compared, how.rows) << text(how);
  }

 private:
  /// Past a row's end recurrent layers give zeros; a head of these is the same at every step.
  [[nodiscard]] bool is_same_at_every_step(const std::vector<float>& y) const {
    const auto width = static_cast<std::size_t>(model_.output_size());
    for (std::size_t k = width; k < y.size(); ++k) {
      if (y[k] != y[k - width]) return false;
    }
    const bool recurrent = std::holds_alternative<RecurrentSpec>(model_.layers.back().spec);
    return !recurrent || std::ranges::all_of(y, [](float v) { return v == 0.0F; });
  }

  [[nodiscard]] std::vector<Answer> run_all(const How& how) const {
    std::vector<Answer> all(static_cast<std::size_t>(kRows));
    for (std::int64_t done = 0; done < how.rows; done += how.batch) {
      How part = how;
      part.first_row = (how.first_row + done) % kRows;
      const std::vector<Answer> some = run(part);
      for (std::size_t b = 0; b < some.size(); ++b) {
        all[static_cast<std::size_t>((part.first_row + static_cast<std::int64_t>(b)) % kRows)] =
            some[b];
      }
    }
    return all;
  }

  [[nodiscard]] Answer run_alone(std::int64_t row, std::int64_t steps) const {
    const Network network = prepare(model_, {.backend = id_, .precision = precision_});
    Stream stream = network.stream({.batch = 1, .max_steps = kSteps});
    return run_dense(stream, x_[static_cast<std::size_t>(row)], steps, 1, network);
  }

  /// One batch of rows, wrapping around at the end.
  [[nodiscard]] std::vector<Answer> run(const How& how) const {
    const Network network = prepare(model_, {.backend = id_,
                                             .threads = how.threads,
                                             .exact_threads = true,
                                             .batch = how.hint,
                                             .steps = how.hint,
                                             .precision = precision_});
    Stream stream = network.stream({.batch = how.batch, .max_steps = how.max_steps});
    const std::int64_t outputs = network.output_size();
    std::vector<float> x(static_cast<std::size_t>(kSteps * how.batch * width_));
    std::vector<float> y(static_cast<std::size_t>(kSteps * how.batch * outputs));
    const auto in = how.batch_first ? batch_first(x.data(), how.batch, kSteps, width_)
                                    : steps_first(x.data(), kSteps, how.batch, width_);
    const auto out = how.batch_first ? batch_first(y.data(), how.batch, kSteps, outputs)
                                     : steps_first(y.data(), kSteps, how.batch, outputs);
    std::vector<std::int64_t> lengths;
    for (std::int64_t b = 0; b < how.batch; ++b) {
      const auto row = static_cast<std::size_t>((how.first_row + b) % kRows);
      for (std::int64_t t = 0; t < kSteps; ++t) {
        std::copy_n(x_[row].begin() + t * width_, width_, in.row(t, b));
      }
      if (how.own_lengths) lengths.push_back(lengths_[row]);
    }
    for (std::int64_t t = 0; t < kSteps; t += how.chunk) {
      const std::int64_t count = std::min(how.chunk, kSteps - t);
      const Status status = stream.run(in.slice(t, count), out.slice(t, count),
                                       conformance::lengths_from(lengths, t, count));
      EXPECT_TRUE(static_cast<bool>(status)) << status.message();
    }
    std::vector<Answer> answers;
    for (std::int64_t b = 0; b < how.batch; ++b) {
      Answer& answer = answers.emplace_back(Answer{row_of(out, b), {}});
      for (const NamedState& state : stream.states()) {
        answer.states.push_back(row_of(state.values, b));
      }
    }
    return answers;
  }

  static std::vector<float> row_of(const SequenceView<float>& all, std::int64_t row) {
    return conformance::dense(
        {all.data + row * all.batch_stride, all.steps, 1, all.features, all.step_stride, 1});
  }

  std::string id_;
  Precision precision_;
  Model model_;
  std::int64_t width_ = 0;
  std::vector<std::vector<float>> x_;
  std::vector<std::int64_t> lengths_;
  std::vector<Answer> full_;  ///< each row alone, kSteps steps
  std::vector<Answer> own_;   ///< each row alone, its own length
};

class Determinism : public testing::TestWithParam<std::string> {};

std::vector<Case> supported_by(const std::string& id, std::vector<Case> networks) {
  std::erase_if(networks, [&](const Case& spec) { return !runs(id, spec); });
  return networks;
}

std::vector<Case> forward_networks() {
  return {{.input = 17, .hidden = 33, .layers = 2},
          {.input = 64, .hidden = 64},
          {.input = 3, .hidden = 24},
          {.input = 9, .hidden = 40, .proj = 11, .layers = 2, .bias = false},
          {.input = 5, .hidden = 100, .head = 7},
          {.input = 1, .hidden = 1},
          {.input = 1, .hidden = 15},
          {.input = 2, .hidden = 7, .proj = 5},
          {.input = 3, .hidden = 13, .cell = Cell::gru},
          {.input = 17, .hidden = 33, .layers = 2, .cell = Cell::gru},
          {.input = 8, .hidden = 20, .cell = Cell::gru, .linear_before_reset = false},
          {.input = 30, .hidden = 41, .layers = 2, .cell = Cell::rnn},
          {.input = 8,
           .hidden = 19,
           .head = 3,
           .topology = conformance::Topology::between,
           .activation = Activation{ActivationKind::softmax}},
          {.input = 9,
           .hidden = 24,
           .proj = 7,
           .peephole = true,
           .coupling = GateCoupling::forget_from_input,
           .clip = 0.8F,
           .cell_clip = 0.5F}};
}

std::vector<Case> bidirectional_networks() {
  return {{.input = 12, .hidden = 31, .layers = 2, .direction = Direction::bidirectional},
          {.input = 40, .hidden = 65, .direction = Direction::reverse},
          {.input = 7, .hidden = 20, .proj = 6, .direction = Direction::bidirectional, .head = 3},
          {.input = 12,
           .hidden = 17,
           .layers = 2,
           .direction = Direction::bidirectional,
           .cell = Cell::gru},
          {.input = 12,
           .hidden = 35,
           .direction = Direction::reverse,
           .cell = Cell::rnn,
           .functions = {{ActivationKind::relu}}}};
}

std::vector<Case> all_networks() {
  std::vector<Case> all = forward_networks();
  for (const Case& spec : bidirectional_networks()) all.push_back(spec);
  return all;
}

TEST_P(Determinism, BatchAndMatesDoNotMatter) {
  for (const Case& spec : supported_by(GetParam(), all_networks())) {
    const Rows rows(spec, GetParam());
    for (const std::int64_t batch : {1, 2, 3, 4, 5, 7, 8, 11, 16, 19, 33}) {
      rows.expect_same_bits({.batch = batch});
      rows.expect_same_bits({.batch = batch, .first_row = 13, .hint = batch});
      rows.expect_same_bits({.batch = batch, .batch_first = true});
    }
  }
}

TEST_P(Determinism, ChunksDoNotMatter) {
  for (const Case& spec : supported_by(GetParam(), forward_networks())) {
    const Rows rows(spec, GetParam());
    for (const std::int64_t batch : {1, 3, 16}) {
      for (const std::int64_t chunk : {1, 2, 3, 7}) {
        for (const std::int64_t max_steps : {1, 2, 64}) {
          rows.expect_same_bits({.batch = batch, .chunk = chunk, .max_steps = max_steps});
          rows.expect_same_bits(
              {.batch = batch, .chunk = chunk, .max_steps = max_steps, .own_lengths = true});
        }
      }
    }
  }
}

TEST_P(Determinism, PaddingDoesNotMatter) {
  for (const Case& spec : supported_by(GetParam(), all_networks())) {
    const Rows rows(spec, GetParam());
    for (const std::int64_t batch : {1, 2, 5, 16, 33}) {
      rows.expect_same_bits({.batch = batch, .own_lengths = true});
      rows.expect_same_bits({.batch = batch, .max_steps = 100, .own_lengths = true});
      rows.expect_same_bits({.batch = batch, .own_lengths = true, .batch_first = true});
    }
  }
}

TEST_P(Determinism, ThreadsDoNotMatter) {
  for (const Case& spec : supported_by(GetParam(), all_networks())) {
    const Rows rows(spec, GetParam());
    for (const int threads : {2, 3}) {
      for (const std::int64_t batch : {1, 4, 19}) {
        // Where others use the cores, each meeting of the threads may take milliseconds.
        const std::int64_t few = std::max<std::int64_t>(batch, 6);
        rows.expect_same_bits({.batch = batch, .threads = threads, .hint = batch, .rows = few});
        rows.expect_same_bits(
            {.batch = batch, .threads = threads, .own_lengths = true, .rows = few});
      }
    }
  }
}

TEST_P(Determinism, NothingOfThisMattersInInt8) {
  std::vector<Case> networks = all_networks();
  networks.push_back({.input = 9, .hidden = 40, .cell = Cell::slstm, .heads = 4});
  networks.push_back({.input = 12, .hidden = 21, .layer_norm = true});
  for (const Case& spec : networks) {
    const Rows rows(spec, GetParam(), Precision::int8);
    for (const std::int64_t batch : {1, 2, 7, 19, 33}) {
      rows.expect_same_bits({.batch = batch, .first_row = 13, .hint = batch});
      rows.expect_same_bits({.batch = batch, .own_lengths = true, .batch_first = true});
    }
    if (spec.direction == Direction::forward) {
      rows.expect_same_bits({.batch = 3, .chunk = 2, .max_steps = 64, .own_lengths = true});
      rows.expect_same_bits({.batch = 16, .chunk = 3, .max_steps = 2});
    }
    rows.expect_same_bits({.batch = 4, .threads = 2, .hint = 4, .rows = 6});
    rows.expect_same_bits({.batch = 1, .threads = 3, .own_lengths = true, .rows = 6});
  }
}

/// Some rows of a batch against the same rows alone, stopped between the steps and not.
void expect_rows_as_alone(const std::string& backend, const Case& layer, std::int64_t batch) {
  constexpr std::int64_t kTwoSteps = 2;
  const std::int64_t input = layer.input;
  const std::int64_t hidden = layer.hidden;
  Case spec = layer;
  spec.batch = batch;
  spec.steps = kTwoSteps;
  const Problem problem = sample(spec);
  const Network network = prepare(problem.model, {.backend = backend, .batch = batch});
  for (const std::int64_t max_steps : {std::int64_t{1}, kTwoSteps}) {
    Stream together = network.stream({.batch = batch, .max_steps = max_steps});
    const Answer all = run_dense(together, problem.x, kTwoSteps, batch, network);
    for (const std::int64_t row : {std::int64_t{0}, batch / 2, batch - 1}) {
      std::vector<float> x;
      for (std::int64_t t = 0; t < kTwoSteps; ++t) {
        const auto from = problem.x.begin() + (t * batch + row) * input;
        x.insert(x.end(), from, from + input);
      }
      Stream alone = network.stream({.batch = 1, .max_steps = kTwoSteps});
      const Answer one = run_dense(alone, x, kTwoSteps, 1, network);
      ASSERT_FALSE(one.states.empty());
      for (std::size_t s = 0; s < one.states.size(); ++s) {
        const auto first = all.states[s].begin() + row * hidden;
        EXPECT_EQ(first_different_bit({first, first + hidden}, one.states[s]), -1)
            << name(spec.cell) << ", state " << s << ", row " << row << ", max_steps " << max_steps;
      }
    }
  }
}

// xsimd partitions sums where the rows and the weights of two blocks do not fit into the
// second cache (half of it, if it is large). A part has 128 to 512 terms for few rows, four times
// that for many.

std::int64_t usual_l2_bytes() {
  return std::clamp(cpu().l2_bytes, std::int64_t{1} << 18U, std::int64_t{1} << 21U);
}

/// LSTM, and the GRU whose steps have two parts.
std::vector<Case> layers_of(std::int64_t input, std::int64_t hidden) {
  return {
      {.input = input, .hidden = hidden},
      {.input = input, .hidden = hidden, .cell = Cell::gru, .linear_before_reset = false},
  };
}

TEST_P(Determinism, LongSumsGiveTheSameBits) {
  for (const std::int64_t hidden : {528, 520}) {  // whole vectors, and half of one left
    for (const Case& layer : layers_of(usual_l2_bytes() / 192, hidden)) {
      expect_rows_as_alone(GetParam(), layer, 13);
    }
  }
}

TEST_P(Determinism, LongSumsOfManyRowsGiveTheSameBits) {
  constexpr std::int64_t kInput = 2500;
  for (const std::int64_t hidden : {40, 15}) {
    for (const Case& layer : layers_of(kInput, hidden)) {
      expect_rows_as_alone(GetParam(), layer, usual_l2_bytes() / 5 / kInput);
    }
  }
}

/// Without exact_threads nobody waits for a thread that sleeps: it joins in wherever it comes.
TEST_P(Determinism, LateThreadsDoNotMatter) {
  constexpr std::int64_t kManySteps = 40;
  for (const Direction direction : {Direction::forward, Direction::bidirectional}) {
    for (const std::int64_t batch : {1, 5, 16}) {
      const Problem problem = sample({.input = 24,
                                      .hidden = 200,
                                      .proj = batch == 5 ? 30 : 0,
                                      .direction = direction,
                                      .batch = batch,
                                      .steps = kManySteps});
      const auto answer = [&](int threads, std::chrono::microseconds asleep) {
        const Network network =
            prepare(problem.model, {.backend = GetParam(), .threads = threads, .batch = batch});
        Stream stream = network.stream({.batch = batch, .max_steps = kManySteps});
        std::this_thread::sleep_for(asleep);
        return run_dense(stream, problem.x, kManySteps, batch, network);
      };
      const Answer alone = answer(1, {});
      for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(answer(2 + i % 2, std::chrono::microseconds(150 * i)), alone);
      }
    }
  }
}

/// Groups that share steps split up when a thread loses its core, which it does where there are
/// more threads than cores. Each caller is a thread of its own, since one that had to wait works
/// alone for some time.
TEST_P(Determinism, ThreadsThatLoseTheirCoreDoNotMatter) {
  const int threads = 2 * static_cast<int>(std::thread::hardware_concurrency());
  constexpr std::int64_t kSharedSteps = 60;
  for (const Case& cell : {Case{.cell = Cell::lstm}, Case{.proj = 50, .cell = Cell::lstm},
                           Case{.cell = Cell::lstm, .layer_norm = true},
                           Case{.cell = Cell::gru, .linear_before_reset = false}}) {
    Case spec = cell;
    spec.input = 40;
    spec.hidden = 200;
    spec.batch = 3;
    spec.steps = kSharedSteps;
    const Problem problem = sample(spec);
    const auto answer = [&](int count) {
      Answer result;
      std::thread([&] {
        const Network network =
            prepare(problem.model, {.backend = GetParam(), .threads = count, .batch = spec.batch});
        Stream stream = network.stream({.batch = spec.batch, .max_steps = kSharedSteps});
        result = run_dense(stream, problem.x, kSharedSteps, spec.batch, network);
      }).join();
      return result;
    };
    const Answer alone = answer(1);
    for (int i = 0; i < 8; ++i) EXPECT_EQ(answer(threads), alone);
  }
}

TEST_P(Determinism, SecondRunGivesTheSameBits) {
  const Problem problem = sample({.input = 20, .hidden = 48, .layers = 2, .batch = 4, .steps = 9});
  const Network network = prepare(problem.model, {.backend = GetParam()});
  Stream stream = network.stream({.batch = 4, .max_steps = 9});
  const Answer first = run_dense(stream, problem.x, 9, 4, network);
  stream.reset();
  const Answer second = run_dense(stream, problem.x, 9, 4, network);
  EXPECT_EQ(first, second);
}

INSTANTIATE_TEST_SUITE_P(Backends, Determinism, testing::ValuesIn(deterministic_ids()),
                         id_as_test_name);

}  // namespace
}  // namespace carousel::testing_support
