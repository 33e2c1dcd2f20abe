// SPDX-License-Identifier: Apache-2.0
#include "onnx/network_case.hpp"

#include <carousel/backend.hpp>
#include <carousel/compare.hpp>
#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace carousel::onnx_test {
namespace {

using oracle::Quantity;

/// The lengths as an input of the model that says so, [1, batch, 1].
std::vector<float> lengths_input(const NetworkCase& c) {
  if (c.model.lengths.empty()) return {};
  return {c.lengths.begin(), c.lengths.end()};
}

/// Initial states are set in the stream, not given; lengths only where the case has some.
bool is_given(const NetworkCase& c, const ModelInput& input) {
  return input.name == c.model.lengths ? !c.lengths.empty() : !input.one_step;
}

oracle::Result ask_oracle(const NetworkCase& c) {
  oracle::Inputs inputs;
  for (const ModelInput& input : model_inputs(c.model)) {
    if (!is_given(c, input)) continue;
    if (input.name == c.model.lengths) {
      inputs.emplace(input.name, oracle::exact(lengths_input(c), 1, c.batch, 1));
      continue;
    }
    inputs.emplace(input.name, input.ids ? oracle::exact_ids(c.ids, c.steps, c.batch)
                                         : oracle::exact(c.x, c.steps, c.batch, input.size));
  }
  std::vector<oracle::LayerState> initial;
  if (!c.h0.empty()) initial = conformance::oracle_state(c.model, c.batch, c.h0, c.c0);
  const bool wired = !c.model.lengths.empty();
  return oracle::run(c.model, inputs, wired ? std::vector<std::int64_t>{} : c.lengths, initial);
}

/// `factor` 2: what is compared is float32 on both sides, each off by the tolerance at most.
void expect_close(const std::vector<float>& found, const std::vector<float>& expected,
                  std::vector<double> tolerance, double factor, const char* what) {
  for (double& t : tolerance) t *= factor;
  const std::vector<double> reference(expected.begin(), expected.end());
  ASSERT_EQ(found.size(), expected.size()) << what;
  const Agreement agreement = compare(found, reference, tolerance);
  EXPECT_TRUE(agreement.ok) << what << ": " << agreement.outside << " of " << agreement.count
                            << " outside tolerance, first at " << agreement.first_index
                            << ", max abs error " << agreement.max_abs;
  EXPECT_LT(agreement.max_abs, 1e-4) << what << ": tolerances that allow this say nothing";
}

std::vector<float> to_floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

void expect_results(const NetworkCase& c, const oracle::Result& reference, const Results& found,
                    double factor) {
  if (!c.y.empty()) {
    ASSERT_GE(found.y.size(), c.y.size());
    const std::vector<float> first(found.y.begin(),
                                   found.y.begin() + static_cast<std::ptrdiff_t>(c.y.size()));
    expect_close(first, c.y, reference.y().tolerance, factor, "y");
  }
  if (!c.h_n.empty()) {
    expect_close(found.h, c.h_n, stacked(c.model, reference, "h").tolerance, factor, "h_n");
  }
  if (!c.c_n.empty()) {
    expect_close(found.c, c.c_n, stacked(c.model, reference, "c").tolerance, factor, "c_n");
  }
}

}  // namespace

bool supported(const NetworkCase& c, const std::string& id) {
  const Backend& backend = *select_backends(id).front();
  for (const ModelLayer& layer : c.model.layers) {
    const Support support = backend.supports(layer.spec, Precision::float32);
    if (support) continue;
    const auto* spec = std::get_if<RecurrentSpec>(&layer.spec);
    EXPECT_NE(spec, nullptr) << id << " refuses a " << describe(layer.spec);
    if (spec != nullptr) {
      EXPECT_NE(*spec, make_spec(Cell::lstm, spec->input_size, spec->hidden_size, spec->direction,
                                 0, spec->bias))
          << id << " refuses a plain LSTM: " << support.reason;
    }
    EXPECT_FALSE(support.reason.empty());
    return false;
  }
  return true;
}

Results run(const NetworkCase& c, const std::string& id) {
  const Network network = prepare(c.model, {.backend = id, .batch = c.batch, .steps = c.steps});
  Stream stream = network.stream({.batch = c.batch, .max_steps = c.steps});
  if (!c.h0.empty()) conformance::assign(stream.state().h, c.h0);
  if (!c.c0.empty()) conformance::assign(stream.state().c, c.c0);
  std::vector<NamedInput> inputs;
  const std::vector<float> lengths = lengths_input(c);
  for (const ModelInput& input : network.inputs()) {
    if (!is_given(c, input)) continue;
    NamedInput& given = inputs.emplace_back(NamedInput{input.name});
    if (input.name == c.model.lengths) {
      given.x = steps_first(lengths.data(), 1, c.batch, 1);
    } else if (input.ids) {
      given.ids = steps_first(c.ids.data(), c.steps, c.batch, 1);
    } else {
      given.x = steps_first(c.x.data(), c.steps, c.batch, input.size);
    }
  }
  std::size_t size = 0;
  std::vector<std::int64_t> steps;
  for (const carousel::NetworkOutput& output : network.outputs()) {
    steps.push_back(network.output_steps(c.steps, steps.size()));
    size += static_cast<std::size_t>(steps.back() * c.batch * output.size);
  }
  Results results;
  results.y.resize(size);
  std::vector<NamedOutput> outputs;
  float* y = results.y.data();
  for (const carousel::NetworkOutput& output : network.outputs()) {
    const std::int64_t count = steps[outputs.size()];
    outputs.push_back({output.name, steps_first(y, count, c.batch, output.size)});
    y += count * c.batch * output.size;
  }
  const Status status =
      stream.run(inputs, outputs, lengths.empty() ? c.lengths : std::vector<std::int64_t>{});
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  results.states = conformance::get_states(stream);
  results.h = conformance::stacked(c.model, results.states, "h");
  results.c = conformance::stacked(c.model, results.states, "c");
  return results;
}

void expect_oracle_agrees(const NetworkCase& c) {
  SCOPED_TRACE(c.name + ", oracle");
  const oracle::Result reference = ask_oracle(c);
  const Results found{.y = to_floats(reference.y().value),
                      .h = to_floats(stacked(c.model, reference, "h").value),
                      .c = to_floats(stacked(c.model, reference, "c").value)};
  expect_results(c, reference, found, 1.0);
}

bool expect_backend_agrees(const NetworkCase& c, const std::string& backend) {
  SCOPED_TRACE(c.name + ", " + backend);
  if (!supported(c, backend)) return false;
  expect_results(c, ask_oracle(c), run(c, backend), 2.0);
  return true;
}

}  // namespace carousel::onnx_test
