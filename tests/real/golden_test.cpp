// SPDX-License-Identifier: Apache-2.0
// The oracle and every backend against what PyTorch computed: tests/golden, and torch-cases.json.
#include "core/verify/conformance/problem.hpp"
#include "real/real_folder.hpp"
#include "support/every_backend.hpp"
#include "support/pytorch_case.hpp"

#include <carousel/compare.hpp>
#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace carousel::testing_support {
namespace {

/// PyTorch's results are float32 themselves, so each side may be off by the oracle's tolerance.
std::vector<double> both_sides(const std::vector<double>& tolerance) {
  std::vector<double> doubled = tolerance;
  for (double& t : doubled) t *= 2.0;
  return doubled;
}

void expect_close(const Agreement& agreement, const char* what) {
  EXPECT_TRUE(agreement.ok) << what << ": " << agreement.outside << " of " << agreement.count
                            << " outside tolerance, first at " << agreement.first_index
                            << ", max abs error " << agreement.max_abs;
  EXPECT_LT(agreement.max_abs, 1e-4) << what << ": tolerances that allow this say nothing";
}

void expect_oracle_agrees(const PyTorchCase& c) {
  SCOPED_TRACE(c.name);
  const oracle::Result expected = ask_oracle(c);
  const oracle::Quantity h = stacked(c.model, expected, "h");
  const oracle::Quantity cell = stacked(c.model, expected, "c");
  expect_close(compare(c.y, expected.y().value, expected.y().tolerance), "y");
  expect_close(compare(c.h_n, h.value, h.tolerance), "h_n");
  expect_close(compare(c.c_n, cell.value, cell.tolerance), "c_n");
}

Status run_in_chunks(const PyTorchCase& c, Stream& stream, SequenceView<const float> x,
                     SequenceView<float> y) {
  std::vector<std::int64_t> chunks = c.chunks;
  if (chunks.empty()) chunks.push_back(c.steps);
  std::int64_t first = 0;
  for (const std::int64_t count : chunks) {
    const auto lengths = conformance::lengths_from(c.lengths, first, count);
    if (Status s = stream.run(x.slice(first, count), y.slice(first, count), lengths); !s) return s;
    first += count;
  }
  EXPECT_EQ(first, c.steps);
  return {};
}

struct Outputs {
  std::vector<float> y, h, c;
};

/// Runs a case the way PyTorch was called: batch-first arrays in place, chunks one after another.
Outputs run_case(const PyTorchCase& c, const std::string& id) {
  const Network network = prepare(c.model, {.backend = id, .batch = c.batch, .steps = c.steps});
  Stream stream =
      network.stream({.batch = c.batch, .max_steps = std::max<std::int64_t>(c.steps, 1)});
  conformance::assign(stream.state().h, c.h0);
  conformance::assign(stream.state().c, c.c0);
  const std::int64_t inputs = network.input_size();
  const std::int64_t outputs = network.output_size();
  std::vector<float> x = c.x;
  std::vector<float> y(c.y.size());
  if (c.batch_first) x = swap_first_two(c.x, c.steps, c.batch, inputs);
  const auto in = c.batch_first ? batch_first<const float>(x.data(), c.batch, c.steps, inputs)
                                : steps_first<const float>(x.data(), c.steps, c.batch, inputs);
  const auto out = c.batch_first ? batch_first(y.data(), c.batch, c.steps, outputs)
                                 : steps_first(y.data(), c.steps, c.batch, outputs);
  const Status status = run_in_chunks(c, stream, in, out);
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  return {conformance::dense(out), conformance::dense(stream.state().h),
          conformance::dense(stream.state().c)};
}

void expect_backend_agrees(const PyTorchCase& c, const std::string& id) {
  SCOPED_TRACE(c.name + " on " + id);
  const Outputs actual = run_case(c, id);
  const oracle::Result expected = ask_oracle(c);
  expect_close(compare(actual.y, c.y, both_sides(expected.y().tolerance)), "y");
  expect_close(compare(actual.h, c.h_n, both_sides(stacked(c.model, expected, "h").tolerance)),
               "h_n");
  expect_close(compare(actual.c, c.c_n, both_sides(stacked(c.model, expected, "c").tolerance)),
               "c_n");
}

/// PyTorch's cells are run by every backend.
int run_all(const std::vector<PyTorchCase>& cases, const std::string& id) {
  for (const PyTorchCase& c : cases) expect_backend_agrees(c, id);
  return static_cast<int>(cases.size());
}

std::vector<PyTorchCase> golden_cases() {
  std::vector<PyTorchCase> cases;
  for (const auto& file : golden_files()) cases.push_back(read_golden(file));
  return cases;
}

constexpr int kGolden = 63;
constexpr int kTorch = 21;
constexpr std::size_t kEnoughValues = 20;  // for a mean of their errors to say anything

TEST(Golden, OracleAgreesWithPyTorch) {
  const std::vector<PyTorchCase> cases = golden_cases();
  EXPECT_GE(cases.size(), std::size_t{kGolden});
  for (const PyTorchCase& c : cases) expect_oracle_agrees(c);
}

TEST(Golden, LoaderReadsTheSameModel) {
  for (const auto& file : golden_files()) {
    SCOPED_TRACE(file.filename());
    const PyTorchCase c = read_golden(file);
    // These files do not say which plain RNN they are, in the loader's words.
    if (c.top().activations[0][0].kind == ActivationKind::relu) continue;
    const Model loaded = load(file, {.prefix = "rnn.", .ignore_extra = true});
    ASSERT_EQ(loaded.layers.size(), c.model.layers.size());
    for (std::size_t k = 0; k < loaded.layers.size(); ++k) {
      EXPECT_EQ(loaded.layers[k].spec, c.model.layers[k].spec) << describe(loaded.layers[k].spec);
      EXPECT_EQ(loaded.layers[k].weights, c.model.layers[k].weights);
      EXPECT_EQ(loaded.layers[k].name, "rnn.l" + std::to_string(k));
    }
  }
}

TEST(TorchCases, OracleAgreesWithPyTorch) {
  CAROUSEL_NEEDS_REAL("torch-cases.json");
  const std::vector<PyTorchCase> cases = read_torch_cases(real_folder() / "torch-cases.json");
  EXPECT_EQ(cases.size(), std::size_t{kTorch});
  for (const PyTorchCase& c : cases) expect_oracle_agrees(c);
}

class PyTorch : public testing::TestWithParam<std::string> {};

TEST_P(PyTorch, GoldenFiles) {
  const int executed = run_all(golden_cases(), GetParam());
  std::printf("%s: executed %d golden cases\n", GetParam().c_str(), executed);
  EXPECT_GE(executed, kGolden);
}

TEST_P(PyTorch, TorchCases) {
  CAROUSEL_NEEDS_REAL("torch-cases.json");
  const int executed = run_all(read_torch_cases(real_folder() / "torch-cases.json"), GetParam());
  std::printf("%s: executed %d cases of torch-cases.json\n", GetParam().c_str(), executed);
  EXPECT_GE(executed, kTorch);
}

// The error of the outputs against the oracle, beside that of PyTorch's own. Whose is smaller in
// one case is chance (rounding errors grow along a sequence), so what counts is the mean over all.
TEST_P(PyTorch, ErrorIsNotLargerThanPyTorchs) {
  int smaller = 0;
  int cases = 0;
  double log_ratio = 0;
  double largest[2] = {0, 0};
  for (const PyTorchCase& c : golden_cases()) {
    const oracle::Result expected = ask_oracle(c);
    const Agreement ours =
        compare(run_case(c, GetParam()).y, expected.y().value, expected.y().tolerance);
    const Agreement theirs = compare(c.y, expected.y().value, expected.y().tolerance);
    largest[0] = std::max(largest[0], ours.max_abs);
    largest[1] = std::max(largest[1], theirs.max_abs);
    if (c.y.size() < kEnoughValues) continue;
    ++cases;
    smaller += ours.nmse < theirs.nmse ? 1 : 0;
    log_ratio += std::log(ours.nmse / theirs.nmse) / 2;
  }
  const double ratio = std::exp(log_ratio / cases);
  std::printf(
      "%s: relative error %.2f times PyTorch 1.13's (geometric mean of %d cases, smaller in %d); "
      "largest error %.1e, PyTorch's %.1e\n",
      GetParam().c_str(), ratio, cases, smaller, largest[0], largest[1]);
  EXPECT_GT(cases, kGolden / 2);
  EXPECT_LE(ratio, 1.15);  // SSE2 has no fused multiply-add
}

INSTANTIATE_TEST_SUITE_P(Backends, PyTorch, testing::ValuesIn(runnable_ids()), id_as_test_name);

}  // namespace
}  // namespace carousel::testing_support
