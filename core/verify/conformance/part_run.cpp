// SPDX-License-Identifier: Apache-2.0
// The promise of scalar and xsimd: a row's results do not depend on batch, batch mates, chunks and
// threads, to the bit.
#include "core/verify/conformance/checks.hpp"
#include "core/verify/conformance/digest.hpp"
#include "core/verify/conformance/random.hpp"
#include "core/verify/conformance/runs.hpp"

#include <algorithm>
#include <cstdint>

namespace carousel::conformance {
namespace {

/// Which part of a case is run, and how.
struct Part {
  std::int64_t first_row, rows;
  std::int64_t chunk;  ///< steps per run
  int threads;
};

/// Some rows of dense arrays [steps, batch, size].
template <class T>
std::vector<T> rows_of(const std::vector<T>& values, std::int64_t batch, std::int64_t size,
                       const Part& part) {
  std::vector<T> some;
  if (batch * size == 0) return some;
  const auto steps = static_cast<std::int64_t>(values.size()) / (batch * size);
  for (std::int64_t t = 0; t < steps; ++t) {
    const auto begin = values.begin() + (t * batch + part.first_row) * size;
    some.insert(some.end(), begin, begin + part.rows * size);
  }
  return some;
}

/// The case's problem with some of its rows only, and what comes of it.
class PartRun {
 public:
  PartRun(const Problem& problem, const Part& part)
      : part_(part),
        x_(rows_of(problem.x, problem.spec.batch, problem.spec.input, part)),
        ids_(rows_of(problem.ids, problem.spec.batch, 1, part)),
        lengths_(rows_of(problem.lengths, problem.spec.batch, 1, part)),
        states_(problem.states) {
    for (std::vector<float>& state : states_) {
      const auto size = static_cast<std::int64_t>(state.size()) / problem.spec.batch;
      state = rows_of(state, problem.spec.batch, size, part);
    }
  }

  void run(const Backend& backend, const Problem& problem) {
    const Network network = prepare(problem.model, {.backend = backend.id(),
                                                    .threads = part_.threads,
                                                    .exact_threads = true,
                                                    .precision = problem.precision});
    for (const NetworkOutput& output : network.outputs()) {
      outputs_.emplace_back(static_cast<std::size_t>(problem.spec.steps * part_.rows * output.size),
                            kUnwritten);
    }
    Stream stream = network.stream({.batch = part_.rows, .max_steps = part_.chunk});
    set_states(stream, states_);
    for (std::int64_t t = 0; t < problem.spec.steps; t += part_.chunk) {
      run_steps(network, stream, t, std::min(part_.chunk, problem.spec.steps - t));
    }
    states_ = get_states(stream);
  }

  [[nodiscard]] const std::vector<std::vector<float>>& outputs() const { return outputs_; }
  [[nodiscard]] const States& states() const { return states_; }

 private:
  void run_steps(const Network& network, Stream& stream, std::int64_t first, std::int64_t count) {
    std::vector<NamedInput> inputs;
    for (const ModelInput& input : network.inputs()) {
      NamedInput& named = inputs.emplace_back(NamedInput{.name = input.name});
      if (input.ids) {
        named.ids =
            steps_first<const std::int32_t>(ids_.data() + first * part_.rows, count, part_.rows, 1);
      } else {
        named.x = steps_first<const float>(x_.data() + first * part_.rows * input.size, count,
                                           part_.rows, input.size);
      }
    }
    std::vector<NamedOutput> outputs;
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      const NetworkOutput& output = network.outputs()[k];
      float* y = outputs_[k].data() + first * part_.rows * output.size;
      outputs.push_back({output.name, steps_first(y, count, part_.rows, output.size)});
    }
    const Status status = stream.run(inputs, outputs, lengths_from(lengths_, first, count));
    require(static_cast<bool>(status), std::string("run of a part failed: ") + status.message());
  }

  Part part_;
  std::vector<float> x_;
  std::vector<std::int32_t> ids_;
  std::vector<std::int64_t> lengths_;
  States states_;
  std::vector<std::vector<float>> outputs_;
};

/// `expected` are the same rows of the run of all rows.
void require_same(const std::string& what, const std::vector<float>& expected,
                  const std::vector<float>& actual, const Part& part) {
  require(expected.size() == actual.size(), what + " of some rows has another size");
  for (std::size_t k = 0; k < actual.size(); ++k) {
    if (bits_of(expected[k]) == bits_of(actual[k])) continue;
    throw Failure(what + " of rows " + std::to_string(part.first_row) + ".." +
                  std::to_string(part.first_row + part.rows - 1) + " alone, in chunks of " +
                  std::to_string(part.chunk) + " steps, with " + std::to_string(part.threads) +
                  " threads, has other bits at element " + std::to_string(k) + ": " +
                  std::to_string(actual[k]) + " instead of " + std::to_string(expected[k]));
  }
}

/// A part drawn at random. Whole sequences cannot be cut into chunks.
Part draw_part(Random& random, const Case& c) {
  Part part{.first_row = random.up_to(c.batch - 1), .rows = 1, .chunk = c.steps, .threads = 1};
  part.rows += random.up_to(c.batch - part.first_row - 1);
  if (c.direction == Direction::forward) part.chunk = 1 + random.up_to(c.steps - 1);
  part.threads += static_cast<int>(random.up_to(2));
  return part;
}

}  // namespace

void run_parts(const Backend& backend, const Problem& problem) {
  const Case& c = problem.spec;
  if (c.batch == 0 || c.steps == 0) return;
  Random random(seed_of("parts of " + c.name()));
  PartRun all(problem, {.first_row = 0, .rows = c.batch, .chunk = c.steps, .threads = 1});
  all.run(backend, problem);
  constexpr int kParts = 3;
  for (int k = 0; k < kParts; ++k) {
    const Part part = draw_part(random, c);
    PartRun some(problem, part);
    some.run(backend, problem);
    for (std::size_t o = 0; o < all.outputs().size(); ++o) {
      const auto size = static_cast<std::int64_t>(all.outputs()[o].size()) / (c.batch * c.steps);
      require_same(output_text(problem.model, o), rows_of(all.outputs()[o], c.batch, size, part),
                   some.outputs()[o], part);
    }
    for (std::size_t s = 0; s < all.states().size(); ++s) {
      const auto size = static_cast<std::int64_t>(all.states()[s].size()) / c.batch;
      require_same("state " + std::to_string(s), rows_of(all.states()[s], c.batch, size, part),
                   some.states()[s], part);
    }
  }
}

}  // namespace carousel::conformance
