// SPDX-License-Identifier: Apache-2.0
// The cross-check has to find a fault, and say where it is: here are some faults.
#include "check_core.hpp"
#include "core/network_data.hpp"
#include "rank_core.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace carousel::cli {
namespace {

/// What goes wrong, at one unit of the layers of one input size.
enum class Fault {
  none,
  input_gate,
  forget_gate,
  output_gate,
  recurrent,
  projection,
  carried,
  head
};

/// The scalar backend with changed weights, or, for Fault::carried, a forgetful state.
class FaultyLayer final : public Layer {
 public:
  FaultyLayer(std::unique_ptr<Layer> inner, bool forgets)
      : inner_(std::move(inner)), forgets_(forgets) {}

  std::unique_ptr<Workspace> workspace(const WorkspaceOptions& options) const override {
    return inner_->workspace(options);
  }
  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    const Status status = inner_->forward(args, workspace);
    if (forgets_ && args.x.steps > 2) args.y.row(2, 0)[1] += 0.5F;
    return status;
  }
  std::size_t memory_bytes() const noexcept override { return inner_->memory_bytes(); }

 private:
  std::unique_ptr<Layer> inner_;
  bool forgets_;
};

class FaultyBackend final : public Backend {
 public:
  FaultyBackend(Fault fault, std::int64_t input_size) : fault_(fault), input_size_(input_size) {}

  std::string_view family() const noexcept override { return "faulty"; }
  std::string description() const override { return "for tests"; }
  std::string version() const override { return "1"; }
  Support available(const CpuFeatures& /*cpu*/) const override { return Support::yes(); }
  Support supports(const LayerSpec& /*spec*/) const override { return Support::yes(); }

  std::unique_ptr<Layer> prepare(const LayerSpec& spec, const LayerWeights& weights,
                                 const LayerOptions& options) const override {
    const Backend& scalar = *select_backends("scalar").front();
    if (spec.input_size != input_size_) return scalar.prepare(spec, weights, options);
    const auto hidden = static_cast<std::size_t>(spec.hidden_size);
    std::vector<float> bias(weights[0].bias_ih.begin(), weights[0].bias_ih.end());
    std::vector<float> recurrent(weights[0].weight_hh.begin(), weights[0].weight_hh.end());
    std::vector<float> projection(weights[0].weight_hr.begin(), weights[0].weight_hr.end());
    if (fault_ == Fault::input_gate) bias.at(3) += 0.5F;
    if (fault_ == Fault::forget_gate) bias.at(hidden + 3) += 0.5F;
    if (fault_ == Fault::output_gate) bias.at(3 * hidden + 3) += 0.5F;
    if (fault_ == Fault::head && !spec.recurrent()) bias.at(3) += 0.5F;
    if (fault_ == Fault::recurrent) recurrent.at(3 * hidden) += 0.5F;  // row 3
    if (fault_ == Fault::projection) projection.at(hidden) += 0.5F;    // row 1
    LayerWeights changed = weights;
    changed[0].bias_ih = bias;
    changed[0].weight_hh = recurrent;
    changed[0].weight_hr = projection;
    return std::make_unique<FaultyLayer>(scalar.prepare(spec, changed, options),
                                         fault_ == Fault::carried);
  }

 private:
  Fault fault_;
  std::int64_t input_size_;
};

WeightsView view(const DirectionWeights& w) {
  return {w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, w.weight_hr, w.peephole};
}

Network prepare_with(const Backend& backend, const Model& model) {
  auto data = std::make_shared<detail::NetworkData>();
  data->embedding = model.embedding;
  const auto add = [&](const ModelLayer& layer) {
    const LayerWeights weights{view(layer.directions[0]), view(layer.directions[1])};
    data->layers.push_back(backend.prepare(layer.spec, weights, {}));
    data->plans.push_back({layer.spec, backend.id(), 0});
  };
  for (const ModelLayer& layer : model.layers) add(layer);
  if (model.head) add(*model.head);
  return Network(std::move(data));
}

CheckReport check_with_fault(Fault fault, const char* shape, std::int64_t input_size = 5) {
  const FaultyBackend backend(fault, input_size);
  WorkloadOptions options;
  options.source.shape = shape;
  Workload work = make_workload(options, 16);
  if (fault == Fault::head) {
    work.model.head = work.model.layers.front();
    work.model.head->spec = make_spec(Cell::linear, work.model.layers.back().spec.output_size(), 6);
    auto& weights = work.model.head->directions[0];
    weights.weight_ih.assign(static_cast<std::size_t>(6 * work.model.head->spec.input_size), 0.25F);
    weights.bias_ih.assign(6, 0.5F);
    weights.weight_hh.clear();
    weights.bias_hh.clear();
  }
  std::vector<Candidate> list = candidates("scalar");
  list.push_back({.name = "faulty", .backend = &backend, .prepare = [&](const Model& model) {
                    return prepare_with(backend, model);
                  }});
  return check(work, list);
}

/// The report must clear scalar, fail the other one and say where.
Divergence divergence_of(const CheckReport& report) {
  EXPECT_FALSE(report.ok());
  EXPECT_TRUE(report.results.at(0).agreement.ok);
  EXPECT_FALSE(report.results.at(1).agreement.ok);
  EXPECT_FALSE(report.pairs.at(0).agreement.ok);
  EXPECT_TRUE(report.results.at(1).divergence.has_value());
  return report.results.at(1).divergence.value_or(Divergence{});
}

TEST(CheckCore, NoFaultNoFinding) {
  const CheckReport report = check_with_fault(Fault::none, "5,7,6,2");
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.ran(), 2U);
  EXPECT_TRUE(report.pairs.at(0).same_bits);
  EXPECT_FALSE(report.results.at(1).divergence);
}

TEST(CheckCore, FindsTheInputGate) {
  const Divergence at = divergence_of(check_with_fault(Fault::input_gate, "5,7,6,2"));
  EXPECT_EQ(at.layer, "layer 0");
  EXPECT_EQ(at.step, 0);
  EXPECT_EQ(at.row, 0);
  EXPECT_EQ(at.unit, 3);
  EXPECT_EQ(at.direction, "forward");
  EXPECT_NE(at.quantity.find("i * g"), std::string::npos) << at.quantity;
}

TEST(CheckCore, FindsTheForgetGateInTheSecondLayer) {
  // At step 0 the state is zero, and whatever it is multiplied with does not matter.
  const Divergence at = divergence_of(check_with_fault(Fault::forget_gate, "5,7,6,2,2", 7));
  EXPECT_EQ(at.layer, "layer 1");
  EXPECT_EQ(at.step, 1);
  EXPECT_EQ(at.unit, 3);
  EXPECT_NE(at.quantity.find("forget"), std::string::npos) << at.quantity;
}

TEST(CheckCore, FindsTheOutputGateOfABidirectionalLayer) {
  const Divergence at = divergence_of(check_with_fault(Fault::output_gate, "5,7,6,2,1,1"));
  EXPECT_EQ(at.unit, 3);
  EXPECT_EQ(at.direction, "forward");
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
  EXPECT_EQ(at.layer, "head");
  EXPECT_EQ(at.step, 0);
  EXPECT_EQ(at.unit, 3);
}

TEST(CheckCore, ARefusalIsNoPass) {
  WorkloadOptions options;
  options.source.shape = "5,7,6,2";
  std::vector<Candidate> list = candidates("scalar");
  list.front().prepare = [](const Model& /*model*/) -> Network { throw Error("not today"); };
  const CheckReport report = check(make_workload(options, 16), list);
  EXPECT_EQ(report.ran(), 0U);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.results.at(0).refusal, "not today");
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

}  // namespace
}  // namespace carousel::cli
