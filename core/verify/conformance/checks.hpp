// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/problem.hpp"
#include "core/verify/conformance/runner.hpp"

#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace carousel::conformance {

/// What outputs hold before a run, so that elements that are not written show.
inline constexpr float kUnwritten = std::numeric_limits<float>::quiet_NaN();

/// Thrown to end a case at its first failure; the text is the report's.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void require(bool condition, const std::string& text);

/// Whether tolerances are so loose that they say nothing.
[[nodiscard]] bool are_loose(const oracle::Quantity& expected);

/// Fails where they are.
void check_tolerances(const std::string& what, const oracle::Quantity& expected);

/// Compares and adds to the report; `what` names the quantity.
void check_values(const std::string& what, std::span<const float> actual,
                  const oracle::Quantity& expected, CaseReport& report);

/// The final state of one layer; `where` follows the names.
void check_layer_state(const ModelLayer& layer, std::span<const std::vector<float>> actual,
                       const oracle::LayerState& expected, const std::string& where,
                       CaseReport& report);

/// The final states of all layers.
void check_states(const Model& model, const States& actual, const oracle::Result& expected,
                  const std::string& when, CaseReport& report);

/// Name of an output for messages: "y", or of one of several "output 'y'".
[[nodiscard]] std::string output_text(const Model& model, std::size_t output);

}  // namespace carousel::conformance
