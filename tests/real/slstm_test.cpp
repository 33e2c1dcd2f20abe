// SPDX-License-Identifier: Apache-2.0
// What the authors of xLSTM computed, on every backend: see ../shared/real/README.md.
#include "real/real_folder.hpp"
#include "support/every_backend.hpp"

#include <carousel/compare.hpp>
#include <carousel/network.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace carousel::testing_support {
namespace {

using Floats = std::vector<float>;

class Slstm : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, Slstm, testing::ValuesIn(runnable_ids()), id_as_test_name);

Floats floats(const nlohmann::json& data, const char* name) { return data.at(name).get<Floats>(); }

Model model_of(const nlohmann::json& data) {
  const std::int64_t inputs = data.at("I");
  const std::int64_t hidden = data.at("H");
  ModelLayer layer{.spec = make_spec(Cell::slstm, inputs, hidden)};
  layer.weights["weight_ih"] = Tensor({4 * hidden, inputs}, floats(data, "W"));
  layer.weights["weight_hh"] = Tensor({4 * hidden, hidden}, floats(data, "R"));
  layer.weights["bias_ih"] = Tensor({4 * hidden}, floats(data, "b"));
  layer.weights["bias_hh"] = Tensor({4 * hidden}, Floats(static_cast<std::size_t>(4 * hidden)));
  Model model;
  model.layers.push_back(layer);
  return model;
}

void expect_near(const std::string& what, const Floats& found, const nlohmann::json& expected) {
  const Agreement agreement = compare(found, expected.get<Floats>(), 1e-5);
  EXPECT_TRUE(agreement.ok) << what << ": " << agreement.max_abs;
}

void run_case(const nlohmann::json& data, const std::string& backend) {
  const Model model = model_of(data);
  const std::int64_t steps = data.at("T");
  const std::int64_t hidden = data.at("H");
  ASSERT_EQ(data.at("B"), 1);
  Stream stream = prepare(model, {.backend = backend}).stream({.batch = 1, .max_steps = steps});
  const Floats x = floats(data, "input");
  Floats y(static_cast<std::size_t>(steps * hidden));
  const Status status = stream.run(unbatched(x.data(), steps, model.input_size()),
                                   unbatched(y.data(), steps, hidden));
  ASSERT_TRUE(static_cast<bool>(status)) << status.message();
  expect_near("y", {y.end() - hidden, y.end()}, data.at("expected_y"));
  if (data.contains("expected_output")) expect_near("outputs", y, data.at("expected_output"));
  for (const std::string name : {"c", "n", "m"}) {
    const SequenceView<float> state = stream.state(0, name);
    expect_near(name, {state.data, state.data + hidden}, data.at("expected_" + name));
  }
}

TEST_P(Slstm, AgreesWithItsAuthors) {
  CAROUSEL_NEEDS_REAL("slstm-cases.json");
  std::ifstream stream(real_folder() / "slstm-cases.json");
  const nlohmann::json cases = nlohmann::json::parse(stream);
  const Backend& backend = *select_backends(GetParam()).front();
  if (const Support support = backend.supports(make_spec(Cell::slstm, 2, 2), Precision::float32);
      !support) {
    EXPECT_NE(support.reason.find("sLSTM"), std::string::npos) << support.reason;
    GTEST_SKIP() << support.reason;
  }
  int count = 0;
  for (const auto& [name, data] : cases.items()) {
    if (!data.is_object()) continue;
    SCOPED_TRACE(name);
    run_case(data, GetParam());
    ++count;
  }
  EXPECT_EQ(count, 3);
}

}  // namespace
}  // namespace carousel::testing_support
