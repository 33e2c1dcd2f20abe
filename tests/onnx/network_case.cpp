// SPDX-License-Identifier: Apache-2.0
#include "onnx/network_case.hpp"

#include "core/verify/conformance/problem.hpp"

#include <carousel/backend.hpp>
#include <carousel/compare.hpp>
#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace carousel::onnx_test {
namespace {

using oracle::Quantity;

Quantity flatten(const oracle::Result& result, Quantity oracle::State::*member) {
  Quantity all;
  for (const oracle::LayerResult& layer : result.layers) {
    for (const oracle::State& state : layer.state) {
      const Quantity& q = state.*member;
      all.value.insert(all.value.end(), q.value.begin(), q.value.end());
      all.tolerance.insert(all.tolerance.end(), q.tolerance.begin(), q.tolerance.end());
    }
  }
  return all;
}

template <class T>
std::vector<T> last_step(const std::vector<T>& values, std::int64_t steps) {
  const auto count = static_cast<std::ptrdiff_t>(values.size()) / steps;
  return {values.end() - count, values.end()};
}

oracle::Result ask_oracle(const NetworkCase& c) {
  const Quantity x = c.model.embedding ? oracle::embed(c.model, c.ids, c.steps, c.batch)
                                       : oracle::exact(c.x, c.steps, c.batch, c.model.input_size());
  std::vector<oracle::LayerState> initial;
  if (!c.h0.empty()) initial = conformance::oracle_state(c.model, c.batch, c.h0, c.c0);
  return oracle::run(c.model, x, c.lengths, initial);
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

void append(std::vector<float>& values, const std::vector<float>& more) {
  values.insert(values.end(), more.begin(), more.end());
}

std::vector<float> to_floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

void expect_results(const NetworkCase& c, const oracle::Result& reference, const Results& found,
                    double factor) {
  const auto pick = [&](const auto& values) {
    return c.last_step ? last_step(values, c.steps) : values;
  };
  if (!c.y.empty()) {
    expect_close(pick(found.y), c.y, pick(reference.y.tolerance), factor, "y");
  }
  if (!c.h_n.empty()) {
    expect_close(found.h, c.h_n, flatten(reference, &oracle::State::h).tolerance, factor, "h_n");
  }
  if (!c.c_n.empty()) {
    expect_close(found.c, c.c_n, flatten(reference, &oracle::State::c).tolerance, factor, "c_n");
  }
}

}  // namespace

bool supported(const NetworkCase& c, const std::string& id) {
  const Backend& backend = *select_backends(id).front();
  for (const ModelLayer& layer : c.model.layers) {
    const Support support = backend.supports(layer.spec);
    if (support) continue;
    LayerSpec plain = make_spec(Cell::lstm, layer.spec.input_size, layer.spec.hidden_size,
                                layer.spec.direction, 0, layer.spec.bias);
    EXPECT_NE(layer.spec, plain) << id << " refuses a plain LSTM: " << support.reason;
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
  const std::int64_t outputs = network.output_size();
  Results results;
  results.y.resize(static_cast<std::size_t>(c.steps * c.batch * outputs));
  const auto y = steps_first(results.y.data(), c.steps, c.batch, outputs);
  const Status status =
      c.model.embedding
          ? stream.run_ids(steps_first(c.ids.data(), c.steps, c.batch, 1), y, c.lengths)
          : stream.run(steps_first(c.x.data(), c.steps, c.batch, c.model.input_size()), y,
                       c.lengths);
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  for (std::size_t k = 0; k < c.model.layers.size(); ++k) {
    for (std::int64_t d = 0; d < c.model.layers[k].spec.directions(); ++d) {
      const StateView state = stream.layer_state(static_cast<std::int64_t>(k), d);
      append(results.h, conformance::dense(state.h));
      append(results.c, conformance::dense(state.c));
    }
  }
  return results;
}

void expect_oracle_agrees(const NetworkCase& c) {
  SCOPED_TRACE(c.name + ", oracle");
  const oracle::Result reference = ask_oracle(c);
  const Results found{to_floats(reference.y.value),
                      to_floats(flatten(reference, &oracle::State::h).value),
                      to_floats(flatten(reference, &oracle::State::c).value)};
  expect_results(c, reference, found, 1.0);
}

bool expect_backend_agrees(const NetworkCase& c, const std::string& backend) {
  SCOPED_TRACE(c.name + ", " + backend);
  if (!supported(c, backend)) return false;
  expect_results(c, ask_oracle(c), run(c, backend), 2.0);
  return true;
}

}  // namespace carousel::onnx_test
