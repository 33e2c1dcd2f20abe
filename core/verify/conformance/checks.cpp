// SPDX-License-Identifier: Apache-2.0
#include "core/verify/conformance/checks.hpp"

#include <carousel/compare.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace carousel::conformance {
namespace {

/// A tolerance above this says nothing about values of order 1, so it does not count as a check.
constexpr double kLooseTolerance = 1e-3;

std::string describe_difference(const std::string& what, std::span<const float> actual,
                                const oracle::Quantity& expected, const Agreement& agreement) {
  std::ostringstream text;
  text.precision(9);
  const std::int64_t index = agreement.first_index;
  const auto k = static_cast<std::size_t>(index);
  text << what << ": " << agreement.outside << " of " << agreement.count
       << " outside tolerance, worst " << agreement.max_share << " times it; first at step "
       << index / expected.features / std::max<std::int64_t>(expected.batch, 1) << ", row "
       << index / expected.features % std::max<std::int64_t>(expected.batch, 1) << ", feature "
       << index % expected.features << ": " << actual[k] << " instead of " << expected.value[k]
       << " +- " << expected.tolerance[k];
  return text.str();
}

}  // namespace

void require(bool condition, const std::string& text) {
  if (!condition) throw Failure(text);
}

bool are_loose(const oracle::Quantity& expected) {
  for (std::size_t k = 0; k < expected.value.size(); ++k) {
    const bool judged = std::isfinite(expected.value[k]);
    if (judged && !(expected.tolerance[k] <= kLooseTolerance)) return true;
  }
  return false;
}

void check_tolerances(const std::string& what, const oracle::Quantity& expected) {
  require(!are_loose(expected),
          what + ": the case's tolerances are too loose to judge it; mark it chaotic");
}

void check_values(const std::string& what, std::span<const float> actual,
                  const oracle::Quantity& expected, CaseReport& report) {
  const Agreement agreement = compare(actual, expected.value, expected.tolerance);
  require(actual.size() == expected.value.size(), what + ": wrong number of elements");
  report.worst_share = std::max(report.worst_share, agreement.max_share);
  report.elements += agreement.count;
  if (!agreement.ok) throw Failure(describe_difference(what, actual, expected, agreement));
}

void check_layer_state(const ModelLayer& layer, std::span<const std::vector<float>> actual,
                       const oracle::LayerState& expected, const std::string& where,
                       CaseReport& report) {
  const std::vector<StateSpec> specs = states(layer.spec);
  require(actual.size() == specs.size(), "a layer has another number of states than expected");
  for (std::size_t k = 0; k < specs.size(); ++k) {
    check_values("final " + specs[k].name + where, actual[k], expected[k], report);
  }
}

void check_states(const Model& model, const States& actual, const oracle::Result& expected,
                  const std::string& when, CaseReport& report) {
  std::span<const std::vector<float>> rest(actual);
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const oracle::LayerState& state = expected.layers[l].state;
    require(rest.size() >= state.size(), "the stream has fewer states than expected");
    check_layer_state(model.layers[l], rest.first(state.size()), state,
                      " of layer " + std::to_string(l) + when, report);
    rest = rest.subspan(state.size());
  }
  require(rest.empty(), "the stream has more states than expected");
}

std::string output_text(const Model& model, std::size_t output) {
  const std::vector<ModelOutput> all = model_outputs(model);
  return all.size() == 1 ? "y" : "output '" + all.at(output).name + "'";
}

}  // namespace carousel::conformance
