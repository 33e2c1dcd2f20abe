// SPDX-License-Identifier: Apache-2.0
// The cross-check has to find a fault, and say where it is: here are some faults.
#include "command_runner.hpp"
#include "oracle_reference.hpp"
#include "precision_loss.hpp"
#include "rank_core.hpp"
#include "support/faulty_backend.hpp"

#include <carousel/backend.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace carousel::cli {
namespace {

using testing_support::Fault;
using testing_support::FaultyBackend;

CrossCheckReport check_with_fault(Fault fault, const char* shape, std::int64_t input_size = 5) {
  const FaultyBackend backend(fault, input_size);
  WorkloadOptions options;
  options.source.shape = shape;
  Workload work = make_workload(options, 16);
  if (fault == Fault::head) {
    work.model.layers.push_back(
        cli_test::dense_layer("head", output_size(work.model.layers.back().spec), 6));
  }
  const OracleReference oracle;
  const std::vector<NamedInput> inputs = work.views(0, work.steps);
  return cross_check(
      work.model, {.inputs = inputs},
      {.backends = {select_backends("scalar").front(), &backend}, .reference = &oracle});
}

/// The report must clear scalar, fail the other one and say where.
Divergence divergence_of(const CrossCheckReport& report) {
  EXPECT_FALSE(report.ok());
  EXPECT_TRUE(report.backends.at(0).agreement.ok);
  EXPECT_FALSE(report.backends.at(1).agreement.ok);
  EXPECT_FALSE(report.pairs.at(0).agreement.ok);
  EXPECT_TRUE(report.backends.at(1).divergence.has_value());
  return report.backends.at(1).divergence.value_or(Divergence{});
}

TEST(CheckCore, NoFaultNoFinding) {
  const CrossCheckReport report = check_with_fault(Fault::none, "5,7,6,2");
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.ran(), 2U);
  EXPECT_TRUE(report.pairs.at(0).same_bits);
  EXPECT_FALSE(report.backends.at(1).divergence);
}

TEST(CheckCore, FindsTheInputGate) {
  const Divergence at = divergence_of(check_with_fault(Fault::input_gate, "5,7,6,2"));
  EXPECT_EQ(at.layer, 0);
  EXPECT_EQ(at.step, 0);
  EXPECT_EQ(at.row, 0);
  EXPECT_EQ(at.unit, 3);
  EXPECT_EQ(at.direction, Direction::forward);
  EXPECT_NE(at.quantity.find("i * g"), std::string::npos) << at.quantity;
}

TEST(CheckCore, FindsTheForgetGateInTheSecondLayer) {
  // At step 0 the state is zero, and whatever it is multiplied with does not matter.
  const Divergence at = divergence_of(check_with_fault(Fault::forget_gate, "5,7,6,2,2", 7));
  EXPECT_EQ(at.layer, 1);
  EXPECT_EQ(at.step, 1);
  EXPECT_EQ(at.unit, 3);
  EXPECT_NE(at.quantity.find("forget"), std::string::npos) << at.quantity;
}

TEST(CheckCore, FindsTheOutputGateOfABidirectionalLayer) {
  const Divergence at = divergence_of(check_with_fault(Fault::output_gate, "5,7,6,2,1,1"));
  EXPECT_EQ(at.unit, 3);
  EXPECT_EQ(at.direction, Direction::forward);
  EXPECT_NE(at.quantity.find("tanh(c)"), std::string::npos) << at.quantity;
}

TEST(CheckCore, FindsTheProjection) {
  const Divergence at = divergence_of(check_with_fault(Fault::projection, "5,7,6,2,1,0,3"));
  EXPECT_EQ(at.unit, 1);
  EXPECT_NE(at.quantity.find("W_hr"), std::string::npos) << at.quantity;
}

TEST(CheckCore, TellsInputsFromStateInCellsWithoutC) {
  for (const char* shape : {"gru:5,7,6,2", "rnn:5,7,6,2"}) {
    const Divergence input = divergence_of(check_with_fault(Fault::input_gate, shape));
    EXPECT_EQ(input.step, 0);
    EXPECT_EQ(input.unit, 3);
    EXPECT_NE(input.quantity.find("W_i x"), std::string::npos) << input.quantity;
    // At step 0 the state is zero.
    const Divergence state = divergence_of(check_with_fault(Fault::recurrent, shape));
    EXPECT_EQ(state.step, 1);
    EXPECT_EQ(state.unit, 3);
    EXPECT_NE(state.quantity.find("W_h h"), std::string::npos) << state.quantity;
  }
}

TEST(CheckCore, FindsWhatGoesWrongOnlyInLongerRuns) {
  const Divergence at = divergence_of(check_with_fault(Fault::carried, "5,7,6,2"));
  EXPECT_EQ(at.step, 2);
  EXPECT_EQ(at.row, 0);
  EXPECT_EQ(at.unit, 1);
  EXPECT_NE(at.quantity.find("carried"), std::string::npos) << at.quantity;
}

TEST(CheckCore, FindsTheHead) {
  const Divergence at = divergence_of(check_with_fault(Fault::head, "5,7,6,2", 7));
  EXPECT_EQ(at.layer, 1);
  EXPECT_EQ(at.layer_name, "head");
  EXPECT_EQ(at.step, 0);
  EXPECT_EQ(at.unit, 3);
}

TEST(CheckCore, ARefusalIsNoPass) {
  const FaultyBackend backend(Fault::refuses, 5);
  WorkloadOptions options;
  options.source.shape = "5,7,6,2";
  const Workload work = make_workload(options, 16);
  const OracleReference oracle;
  const std::vector<NamedInput> inputs = work.views(0, work.steps);
  const CrossCheckReport report =
      cross_check(work.model, {.inputs = inputs}, {.backends = {&backend}, .reference = &oracle});
  EXPECT_EQ(report.ran(), 0U);
  EXPECT_FALSE(report.ok());
  EXPECT_NE(report.backends.at(0).refusal.find("not today"), std::string::npos);
}

TEST(RankCore, WhatDisagreesCannotWin) {
  RankReport report;
  report.results.resize(2);
  report.results[0].agreement.ok = false;
  EXPECT_EQ(report.winner(), &report.results[1]);
  EXPECT_FALSE(report.all_agree());
}

TEST(RankCore, TooSlowForTheBudgetIsScaled) {
  WorkloadOptions options;
  options.source.shape = "64,256,512,4";
  const RankReport report =
      rank(make_workload(options, 16), {"scalar"}, {.seconds = 0.01, .threads = 1});
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_TRUE(report.results[0].scaled);
  EXPECT_GT(report.results[0].time.median, 0.01);
}

TEST(RankCore, LimitsTakeTurnsAndAreMedians) {
  WorkloadOptions options;
  options.source.shape = "8,8,10,1";
  int calls = 0;
  const auto sampler = [&calls](std::int64_t bytes) {
    ++calls;
    return bytes == 0 ? (calls == 1 ? 1e-12 : 1e-9) : 2e-9;  // one peak that nothing reaches again
  };
  const RankReport report = rank(make_workload(options, 16), {"scalar"},
                                 {.seconds = 0.05, .threads = 1, .limits = sampler});
  EXPECT_GE(calls, 2 * 3) << "of the peak and of 16 KiB, in at least three rounds";
  EXPECT_DOUBLE_EQ(report.roofline.flops_per_second, 1e9);
  EXPECT_DOUBLE_EQ(report.roofline.peak_best, 1e12);
  // 10 steps of 512 operations with 1024 bytes, then 10 x 512 operations.
  EXPECT_NEAR(report.least_seconds, 10 * 1024 * 2e-9 + 10 * 512e-9, 1e-12);
}

/// What a precision costs the language model on the first characters of a text it never saw.
PrecisionLoss loss_of(Precision precision) {
  WorkloadOptions options;
  options.source.file = CAROUSEL_SOURCE_DIR "/models/charlm.safetensors";
  options.text_file = CAROUSEL_SOURCE_DIR "/models/heldout.txt";
  options.steps = 4095;
  return precision_loss(make_workload(options, 0), "xsimd", {.network = precision});
}

TEST(PrecisionLoss, OfFloat16IsNextToNothing) {
  const PrecisionLoss loss = loss_of(Precision::float16);
  for (std::size_t k = 0; k + 1 < loss.sequences.size(); ++k) {
    EXPECT_GE(loss.sequences[k].sqnr_db, 70) << loss.sequences[k].name;
  }
  ASSERT_TRUE(loss.bits.has_value());
  EXPECT_LE(std::fabs(loss.bits->precision - loss.bits->float32), 1e-4);
}

TEST(PrecisionLoss, OfBfloat16IsSmall) {
  const PrecisionLoss loss = loss_of(Precision::bfloat16);
  for (std::size_t k = 0; k + 1 < loss.sequences.size(); ++k) {
    EXPECT_GE(loss.sequences[k].sqnr_db, 53) << loss.sequences[k].name;
    EXPECT_LE(loss.sequences[k].sqnr_db, 70) << "as of float16: is it float16?";
  }
  ASSERT_TRUE(loss.bits.has_value());
  EXPECT_LE(std::fabs(loss.bits->precision - loss.bits->float32), 1e-3);
}

TEST(PrecisionLoss, OfInt8IsSmall) {
  const PrecisionLoss loss = loss_of(Precision::int8);
  for (std::size_t k = 0; k + 1 < loss.sequences.size(); ++k) {
    EXPECT_GE(loss.sequences[k].sqnr_db, 40) << loss.sequences[k].name;
  }
  ASSERT_TRUE(loss.bits.has_value());
  EXPECT_LE(std::fabs(loss.bits->precision - loss.bits->float32), 1e-3);
}

}  // namespace
}  // namespace carousel::cli
