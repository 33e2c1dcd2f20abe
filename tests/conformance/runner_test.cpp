// SPDX-License-Identifier: Apache-2.0
// The judge on trial: backends that are wrong in one way each have to be found out.
#include "core/verify/conformance/runner.hpp"

#include "core/verify/conformance/network_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace carousel::conformance {
namespace {

using Damage = std::function<void(const ForwardArgs&)>;

/// Does what the scalar backend does, and then some.
class DamagingLayer final : public Layer {
 public:
  DamagingLayer(std::unique_ptr<Layer> layer, Damage damage)
      : layer_(std::move(layer)), damage_(std::move(damage)) {}

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions& o) const override {
    return layer_->workspace(o);
  }
  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    const Status status = layer_->forward(args, workspace);
    damage_(args);
    return status;
  }
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 0; }

 private:
  std::unique_ptr<Layer> layer_;
  Damage damage_;
};

/// Goes by the scalar backend's name, so that only the bare layer is the damaged one.
class DamagingBackend final : public Backend {
 public:
  explicit DamagingBackend(Damage damage) : damage_(std::move(damage)) {}
  [[nodiscard]] std::string_view family() const noexcept override { return "scalar"; }
  [[nodiscard]] std::string description() const override { return "wrong on purpose"; }
  [[nodiscard]] std::string version() const override { return "1"; }
  [[nodiscard]] Support available(const CpuFeatures&) const override { return Support::yes(); }
  [[nodiscard]] Support supports(const LayerSpec&, Precision) const override { return support; }
  [[nodiscard]] std::unique_ptr<Layer> prepare(const LayerSpec& spec,
                                               const carousel::Weights& weights,
                                               const LayerOptions& options) const override {
    return std::make_unique<DamagingLayer>(scalar().prepare(spec, weights, options), damage_);
  }

  Support support;

 private:
  static const Backend& scalar() { return *select_backends("scalar").front(); }
  Damage damage_;
};

const Case kCase{.group = "trial",
                 .input = 6,
                 .hidden = 9,
                 .batch = 4,
                 .steps = 5,
                 .lengths = Lengths::sorted,
                 .x_layout = Layout::steps_first_padded,
                 .y_layout = Layout::steps_first_padded,
                 .initial_state = true};

CaseReport judge(Damage damage) {
  return run_case(DamagingBackend(std::move(damage)), make_problem(kCase));
}

void expect_found(const char* word, Damage damage) {
  const CaseReport report = judge(std::move(damage));
  EXPECT_EQ(report.outcome, Outcome::failed) << word;
  EXPECT_NE(report.message.find(word), std::string::npos) << report.message;
  EXPECT_NE(report.message.find("seed"), std::string::npos) << report.message;
}

TEST(Runner, PassesWhatIsRight) {
  const CaseReport report = judge([](const ForwardArgs&) {});
  EXPECT_EQ(report.outcome, Outcome::passed) << report.message;
  EXPECT_GT(report.elements, 0);
  EXPECT_LT(report.worst_share, 1.0);
}

TEST(Runner, FindsWritesOutsideTheRows) {
  expect_found("outside the rows of y", [](const ForwardArgs& a) { a.y.row(1, 2)[9] = 0.0F; });
  expect_found("outside the rows of y", [](const ForwardArgs& a) { a.y.row(0, 0)[-1] = 0.0F; });
  expect_found("outside h", [](const ForwardArgs& a) { a.states[0][4 * 9] = 0.0F; });
  expect_found("outside c", [](const ForwardArgs& a) { a.states[1][-1] = 0.0F; });
}

TEST(Runner, FindsChangedInputs) {
  expect_found("its input", [](const ForwardArgs& a) {
    auto* x = const_cast<float*>(a.x().row(2, 1));  // NOLINT: that is the crime
    x[0] += 1.0F;
  });
}

TEST(Runner, FindsSmallErrorsInSingleElements) {
  expect_found("y (bare layer)", [](const ForwardArgs& a) { a.y.row(0, 0)[8] += 3e-6F; });
  expect_found("final h", [](const ForwardArgs& a) { a.states[0][3 * 9] += 3e-6F; });
  expect_found("final c", [](const ForwardArgs& a) { a.states[1][0] += 1e-5F; });
}

/// Damage to the layer that gives outputs of that width: each layer of a network is run bare.
void expect_found_in(const char* layer, const Case& spec, std::int64_t width) {
  const Damage damage = [=](const ForwardArgs& a) {
    if (a.y.features == width) a.y.row(1, 0)[width - 1] += 1e-5F;
  };
  const CaseReport report = run_case(DamagingBackend(damage), make_problem(spec));
  EXPECT_EQ(report.outcome, Outcome::failed) << layer;
  EXPECT_NE(report.message.find(std::string("y of ") + layer + " (bare layer)"), std::string::npos)
      << report.message;
}

TEST(Runner, FindsErrorsInEveryLayerOfANetwork) {
  Case spec{.group = "trial", .input = 6, .hidden = 9, .head = 4};
  spec.topology = Topology::skip;
  expect_found_in("first", spec, 9);
  expect_found_in("both", spec, 9 + 6);
  expect_found_in("inner", spec, 11);
  expect_found_in("head", spec, 4);
  spec.topology = Topology::two_inputs;
  spec.vocabulary = 20;
  expect_found_in("table", spec, 11);
  spec.topology = Topology::between;
  spec.activation = Activation{ActivationKind::softmax};
  expect_found_in("between", spec, 11);
}

TEST(Runner, DigestsAreOfTheBits) {
  const CaseReport first = judge([](const ForwardArgs&) {});
  EXPECT_NE(first.digest, 0U);
  EXPECT_EQ(judge([](const ForwardArgs&) {}).digest, first.digest);
  Problem other = make_problem(kCase);
  other.states.back().back() += 1e-3F;
  EXPECT_NE(run_case(*select_backends("scalar").front(), other).digest, first.digest);
}

TEST(Runner, FindsNanAndUnwrittenPadding) {
  expect_found("y (bare layer)", [](const ForwardArgs& a) {
    a.y.row(0, 0)[3] = std::numeric_limits<float>::quiet_NaN();
  });
  expect_found("y (bare layer)", [](const ForwardArgs& a) { a.y.row(4, 3)[0] = 1e-30F; });
}

/// The scalar backend with another idea of the layer, again for the bare layer only.
class MistakenBackend final : public Backend {
 public:
  using Mistake = std::function<void(LayerSpec&)>;

  explicit MistakenBackend(Mistake mistake) : mistake_(std::move(mistake)) {}
  [[nodiscard]] std::string_view family() const noexcept override { return "scalar"; }
  [[nodiscard]] std::string description() const override { return "mistaken on purpose"; }
  [[nodiscard]] std::string version() const override { return "1"; }
  [[nodiscard]] Support available(const CpuFeatures&) const override { return Support::yes(); }
  [[nodiscard]] Support supports(const LayerSpec&, Precision) const override {
    return Support::yes();
  }
  [[nodiscard]] std::unique_ptr<Layer> prepare(const LayerSpec& spec,
                                               const carousel::Weights& weights,
                                               const LayerOptions& options) const override {
    LayerSpec other = spec;
    mistake_(other);
    return select_backends("scalar").front()->prepare(other, weights, options);
  }

 private:
  Mistake mistake_;
};

/// No field of the spec may be ignored unnoticed.
TEST(Runner, FindsWhoeverIgnoresAVariant) {
  struct Trial {
    Case spec;
    std::function<void(RecurrentSpec&)> mistake;
  };
  const std::vector<Trial> trials{
      {{.cell = Cell::gru}, [](RecurrentSpec& s) { s.linear_before_reset = false; }},
      {{.cell = Cell::gru, .linear_before_reset = false},
       [](RecurrentSpec& s) { s.linear_before_reset = true; }},
      {{.peephole = true}, [](RecurrentSpec& s) { s.peephole = false; }},
      {{.coupling = GateCoupling::forget_from_input},
       [](RecurrentSpec& s) { s.coupling = GateCoupling::input_from_forget; }},
      {{.coupling = GateCoupling::input_from_forget},
       [](RecurrentSpec& s) { s.coupling = GateCoupling::none; }},
      {{.clip = 0.4F}, [](RecurrentSpec& s) { s.clip = 0.0F; }},
      {{.cell = Cell::gru, .clip = 0.4F}, [](RecurrentSpec& s) { s.clip = 0.0F; }},
      {{.cell_clip = 0.3F}, [](RecurrentSpec& s) { s.cell_clip = 0.0F; }},
      {{.cell = Cell::rnn, .functions = {{ActivationKind::elu, 0.7F}}},
       [](RecurrentSpec& s) { s.activations[0][0].alpha = 0.71F; }},
      {{.layer_norm = true}, [](RecurrentSpec& s) { s.layer_norm = false; }},
      {{.layer_norm = true}, [](RecurrentSpec& s) { s.layer_norm_epsilon = 1e-4F; }},
      {{.cell = Cell::slstm, .heads = 4}, [](RecurrentSpec& s) { s.heads = 8; }},
      {{.direction = Direction::bidirectional,
        .cell = Cell::rnn,
        .functions = {{ActivationKind::tanh}, {ActivationKind::softsign}}},
       [](RecurrentSpec& s) { s.activations[1] = s.activations[0]; }},
  };
  for (const Trial& trial : trials) {
    Case spec = trial.spec;
    spec.group = "trial";
    spec.initial_state = true;
    const Problem problem = make_problem(spec);
    EXPECT_EQ(run_case(MistakenBackend([](LayerSpec&) {}), problem).outcome, Outcome::passed);
    const MistakenBackend backend([&](LayerSpec& s) { trial.mistake(std::get<RecurrentSpec>(s)); });
    const CaseReport report = run_case(backend, problem);
    EXPECT_EQ(report.outcome, Outcome::failed) << spec.name();
    EXPECT_NE(report.message.find("bare layer"), std::string::npos) << report.message;
  }
}

/// A mistake about a kind of layers.
template <class Spec>
MistakenBackend::Mistake about(void (*change)(Spec&)) {
  return [change](LayerSpec& spec) { change(std::get<Spec>(spec)); };
}

struct KindTrial {
  LayerSpec spec;
  MistakenBackend::Mistake mistake;
};

std::vector<KindTrial> frame_trials() {
  using Constant = ElementwiseSpec::Constant;
  return {
      {ActivationSpec{{ActivationKind::softmax}, 12, 4},
       about<ActivationSpec>([](ActivationSpec& s) { s.group = 6; })},
      {ActivationSpec{{ActivationKind::clip, -1.0F, 1.0F}, 12},
       about<ActivationSpec>([](ActivationSpec& s) { s.function.beta = 2.0F; })},
      {ElementwiseSpec{ElementwiseOperation::subtract, 9, Constant::second},
       about<ElementwiseSpec>([](ElementwiseSpec& s) { s.constant = Constant::first; })},
      {ElementwiseSpec{ElementwiseOperation::minimum, 9, Constant::first},
       about<ElementwiseSpec>(
           [](ElementwiseSpec& s) { s.operation = ElementwiseOperation::maximum; })},
      {NormalizationSpec{24, 8},
       about<NormalizationSpec>([](NormalizationSpec& s) { s.group = 6; })},
      {NormalizationSpec{24, 8},
       about<NormalizationSpec>([](NormalizationSpec& s) { s.center = false; })},
      {NormalizationSpec{24, 8},
       about<NormalizationSpec>([](NormalizationSpec& s) { s.epsilon = 1e-3F; })},
      {RearrangeSpec{7, {{6, 7, -1}}}, about<RearrangeSpec>([](RearrangeSpec& s) {
         s.runs = {{0, 7, 1}};
       })},
      {RearrangeSpec{7, {{0, 7, 1}, {-1, 2, 1}}, 3.0F},
       about<RearrangeSpec>([](RearrangeSpec& s) { s.filler = 0.0F; })},
      {ReduceFeaturesSpec{ReduceOperation::mean, 12, 4},
       about<ReduceFeaturesSpec>([](ReduceFeaturesSpec& s) { s.operation = ReduceOperation::l2; })},
      {ReduceStepsSpec{ReduceOperation::sum, 5, true},
       about<ReduceStepsSpec>([](ReduceStepsSpec& s) { s.lengths = false; })},
      {SelectStepsSpec{.size = 5, .first = -1, .lengths = true},
       about<SelectStepsSpec>([](SelectStepsSpec& s) { s.lengths = false; })},
      {SelectStepsSpec{.size = 5, .first = -1},
       about<SelectStepsSpec>([](SelectStepsSpec& s) { s.first = 0, s.end = 1; })},
  };
}

std::vector<KindTrial> convolution_trials() {
  const auto about_it = about<ConvolutionSpec>;
  const ConvolutionSpec within{.in_channels = 4,
                               .out_channels = 4,
                               .kernel_size = 3,
                               .length = 9,
                               .dilation = 2,
                               .pad_begin = 2,
                               .pad_end = 2};
  ConvolutionSpec transposed{
      .in_channels = 2, .out_channels = 4, .kernel_size = 3, .length = 5, .pad_begin = 1};
  transposed.transposed = true;
  ConvolutionSpec causal{
      .in_channels = 3, .out_channels = 5, .kernel_size = 3, .pad_begin = 2, .causal = true};
  return {
      {within, about_it([](ConvolutionSpec& s) { s.dilation = s.pad_begin = s.pad_end = 1; })},
      {within, about_it([](ConvolutionSpec& s) { s.pad_begin = 4, s.pad_end = 0; })},
      {within, about_it([](ConvolutionSpec& s) { s.padding = PaddingMode::edge; })},
      {within, about_it([](ConvolutionSpec& s) { s.padding = PaddingMode::reflect; })},
      {transposed, about_it([](ConvolutionSpec& s) { s.pad_begin = 0, s.pad_end = 1; })},
      {causal, about_it([](ConvolutionSpec& s) { s.causal = false, s.pad_begin = s.pad_end = 1; })},
  };
}

/// No field of the other kinds either.
TEST(Runner, FindsWhoeverIgnoresAFieldOfAnotherKind) {
  std::vector<KindTrial> trials = frame_trials();
  for (KindTrial& trial : convolution_trials()) trials.push_back(std::move(trial));
  for (const KindTrial& trial : trials) {
    NetworkBuilder network(input_size(trial.spec));
    network.add(trial.spec);
    const Problem problem = make_problem(network.done(
        "trial", label_of(trial.spec), {.batch = 4, .steps = 6, .lengths = Lengths::some_zero}));
    const CaseReport right = run_case(MistakenBackend([](LayerSpec&) {}), problem);
    EXPECT_EQ(right.outcome, Outcome::passed) << right.message;
    const CaseReport report = run_case(MistakenBackend(trial.mistake), problem);
    EXPECT_EQ(report.outcome, Outcome::failed) << describe(trial.spec);
    EXPECT_NE(report.message.find("bare layer"), std::string::npos) << report.message;
  }
}

TEST(Runner, FindsWhoeverClearsADenseLayerPastTheEnds) {
  const Damage clear = [](const ForwardArgs& a) {
    for (std::int64_t b = 0; b < a.y.batch; ++b) {
      for (std::int64_t t = a.lengths[b]; t < a.y.steps; ++t) {
        std::fill_n(a.y.row(t, b), a.y.features, 0.0F);
      }
    }
  };
  const Case dense{.group = "trial",
                   .input = 6,
                   .layers = 0,
                   .head = 4,
                   .batch = 4,
                   .lengths = Lengths::some_zero};
  const CaseReport report = run_case(DamagingBackend(clear), make_problem(dense));
  EXPECT_NE(report.message.find("y (bare layer)"), std::string::npos) << report.message;
}

TEST(Runner, FindsAWrongHistory) {
  NetworkBuilder network(3);
  network.add(ConvolutionSpec{
      .in_channels = 3, .out_channels = 5, .kernel_size = 3, .pad_begin = 2, .causal = true});
  const Case spec = network.done("trial", "history", {.batch = 4, .lengths = Lengths::random});
  const Damage damage = [](const ForwardArgs& a) { a.states[0][3 * 6 + 5] += 1e-5F; };
  const CaseReport report = run_case(DamagingBackend(damage), make_problem(spec));
  EXPECT_NE(report.message.find("final history"), std::string::npos) << report.message;
}

TEST(Runner, CountsRefusalsOnlyWithAReason) {
  DamagingBackend backend([](const ForwardArgs&) {});
  backend.support = Support::no("it is Sunday");
  EXPECT_EQ(run_case(backend, make_problem(kCase)).outcome, Outcome::refused);
  backend.support = Support::no("");
  EXPECT_EQ(run_case(backend, make_problem(kCase)).outcome, Outcome::failed);
}

}  // namespace
}  // namespace carousel::conformance
