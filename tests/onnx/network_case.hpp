// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/problem.hpp"

#include <carousel/model.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// A loaded network with inputs and somebody else's results, compared with the oracle and with the
/// backends: this is what proves that gates, directions and axes were read right.
namespace carousel::onnx_test {

struct NetworkCase {
  std::string name;
  Model model;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::vector<float> x{};           ///< [steps, batch, size], of each input that takes features.
  std::vector<std::int32_t> ids{};  ///< [steps, batch], of each input that takes ids.
  std::vector<std::int64_t> lengths{};
  std::vector<float> h0{}, c0{};  ///< [L*D, batch, size]; empty: zeros.
  /// What is expected; empty: not known. y is the first output; the states are as h0 and c0.
  std::vector<float> y{};
  std::vector<float> h_n{}, c_n{};
};

struct Results {
  std::vector<float> y;          ///< All outputs, one after another.
  std::vector<float> h;          ///< As h0.
  std::vector<float> c;          ///< As c0.
  conformance::States states{};  ///< All states; empty for those of the oracle.
};

/// What a backend makes of the inputs.
[[nodiscard]] Results run(const NetworkCase& c, const std::string& backend);
/// Whether it supports all layers, which must be for an LSTM without variants.
[[nodiscard]] bool supported(const NetworkCase& c, const std::string& backend);

/// The model written as safetensors and as ONNX, read again and written again: equal models, and
/// the same bits from every backend that promises them. False when ONNX cannot express it; then the
/// refusal is checked.
bool expect_converts(const NetworkCase& c);

/// The oracle, in double precision, against the results.
void expect_oracle_agrees(const NetworkCase& c);
/// A backend against the results. False, and nothing is run, when it does not support all layers.
bool expect_backend_agrees(const NetworkCase& c, const std::string& backend);

}  // namespace carousel::onnx_test
