// SPDX-License-Identifier: Apache-2.0
#include <carousel/cross_check.hpp>

#include "backend_reference.hpp"
#include "by_steps.hpp"
#include "core/engine/layer_precisions.hpp"
#include "core/engine/network_data.hpp"
#include "core/model/limits.hpp"
#include "core/model/own_errors.hpp"
#include "core/model/stored_weights.hpp"
#include "input.hpp"
#include "locate.hpp"
#include "void_share.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <utility>

namespace carousel {
namespace {

/// The arguments of one check, and its report so far.
struct Check {
  const Model& model;
  const CheckInput& input;
  const CrossCheckOptions& options;
  std::vector<const Backend*> backends;
  std::vector<Precision> precisions;  ///< of the layers
  CrossCheckReport report;
  std::vector<std::size_t> output_counts;  ///< How many values each output has.

  [[nodiscard]] std::optional<Divergence> locate(const Backend& backend,
                                                 const Reference& reference) const {
    return detail::locate(backend, reference, model, input, options.threads, precisions);
  }
};

/// What to compare the values of this network with; null where there is no reference.
using ExpectedOf = std::function<std::shared_ptr<const Expected>(const Network&)>;

std::optional<Network> prepare_for(const Backend& backend, const Check& check,
                                   CheckedBackend& result) {
  try {
    return detail::prepare_on(backend, check.model,
                              {.threads = check.options.threads,
                               .batch = check.input.batch(),
                               .steps = check.input.steps(),
                               .precision = check.options.precision,
                               .layer_precisions = check.options.layer_precisions});
  } catch (...) {
    result.refusal = handled_text();
    return std::nullopt;
  }
}

void run(const Network& network, const ExpectedOf& expected_of, Check& check,
         CheckedBackend& result) {
  try {
    const auto values = detail::run_model(network, check.model, check.input);
    check.output_counts.clear();
    for (std::size_t k = 0; k < network.outputs().size(); ++k) {
      check.output_counts.push_back(values[k].size());
    }
    result.values = detail::joined(values);
    const std::shared_ptr<const Expected> expected = expected_of(network);
    if (expected == nullptr) return;
    result.agreement = compare(result.values, expected->value, expected->tolerance);
  } catch (...) {
    result.failure = handled_text();
  }
}

void report_progress(const Check& check) {
  if (!check.options.progress) return;
  const auto parts = static_cast<double>(check.backends.size() + 1);
  const double done = static_cast<double>(check.report.backends.size() + 1) / parts;
  call_application(check.options.progress, done);
}

void run_all(Check& check, const ExpectedOf& expected_of) {
  for (const Backend* backend : check.backends) {
    report_progress(check);
    CheckedBackend result{.id = backend->id(),
                          .refusal = {},
                          .failure = {},
                          .values = {},
                          .agreement = {},
                          .divergence = {}};
    if (const auto network = prepare_for(*backend, check, result)) {
      run(*network, expected_of, check, result);
    }
    if (result.ran() && !result.agreement.ok) {
      result.divergence = check.locate(*backend, *check.options.reference);
    }
    check.report.backends.push_back(std::move(result));
  }
}

/// Whether a layer multiplies int8 numbers.
bool rounds_activations(const Check& check) {
  return std::ranges::count(check.precisions, Precision::int8) > 0;
}

/// An activation of an int8 layer that lies between two of its steps is rounded to either side, as
/// the last bits of who computed it will have it. What such steps come to in a network is not known
/// without an oracle: some of the largest number.
void add_int8_steps(const std::vector<double>& values, std::vector<double>& tolerance) {
  constexpr double kSteps = 4.0;
  double largest = 0.0;
  for (const double v : values) {
    if (std::isfinite(v)) largest = std::max(largest, std::fabs(v));
  }
  for (double& t : tolerance) t += kSteps * largest / 127.0;
}

/// The tolerance of the differences between two backends, one per value. Says in the report how
/// much it proves, unless somebody else chose it.
std::vector<double> pair_tolerance(Check& check, const Expected* expected) {
  const auto& results = check.report.backends;
  const auto last = std::ranges::find_if(results.rbegin(), results.rend(), &CheckedBackend::ran);
  if (last == results.rend()) return {};
  if (check.options.tolerance) {
    return std::vector<double>(last->values.size(), *check.options.tolerance);
  }
  if (expected != nullptr) {
    check.report.void_share = detail::void_share(*expected, check.output_counts);
    std::vector<double> both(expected->tolerance);
    for (double& tolerance : both) tolerance *= 2;
    return both;
  }
  const auto index = static_cast<std::size_t>(std::distance(last, results.rend()) - 1);
  const detail::BackendReference plainest(*check.backends[index], check.options.threads);
  const Expected rounded = plainest.network(check.model, check.input);
  check.report.void_share = detail::void_share(rounded, check.output_counts);
  std::vector<double> tolerance = rounded.tolerance;
  if (rounds_activations(check)) {
    add_int8_steps(rounded.value, tolerance);
  }
  return tolerance;
}

void compare_pairs(Check& check, const std::vector<double>& tolerance) {
  const auto& results = check.report.backends;
  for (std::size_t a = 0; a < results.size(); ++a) {
    for (std::size_t b = a + 1; b < results.size(); ++b) {
      if (!results[a].ran() || !results[b].ran()) continue;
      CheckedPair pair{.first = a,
                       .second = b,
                       .agreement = compare(results[a].values, results[b].values, tolerance),
                       .same_bits = first_different_bit(results[a].values, results[b].values) < 0,
                       .divergence = {}};
      if (!pair.agreement.ok) {
        const detail::BackendReference second(*check.backends[b], check.options.threads);
        pair.divergence = check.locate(*check.backends[a], second);
      }
      check.report.pairs.push_back(std::move(pair));
    }
  }
}

CrossCheckReport check_all(const Model& model, const CheckInput& input,
                           const CrossCheckOptions& options) {
  detail::require_in("cross_check: threads", options.threads, 1, detail::kMostThreads);
  validate(model);
  detail::check_input(model, input);
  std::vector<Precision> precisions = layer_precisions(
      model, {.precision = options.precision, .layer_precisions = options.layer_precisions});
  // What is checked is arithmetic: references compute with the very numbers that are stored.
  const Model stored = store_weights(model, precisions);
  Check check{stored, input, options, options.backends, std::move(precisions), {}, {}};
  if (check.backends.empty()) check.backends = select_backends(options.choice);
  std::shared_ptr<const Expected> whole;  // what the reference makes of all steps together
  const auto expected_of = [&](const Network& network) -> std::shared_ptr<const Expected> {
    if (options.reference == nullptr) return nullptr;
    if (rounds_activations(check) && detail::has_single_steps(network, stored, input)) {
      return std::make_shared<const Expected>(
          detail::expected_by_steps(*options.reference, network, stored, input));
    }
    if (whole == nullptr) {
      whole = std::make_shared<const Expected>(options.reference->network(stored, input));
    }
    return whole;
  };
  run_all(check, expected_of);
  compare_pairs(check, pair_tolerance(check, whole.get()));
  return std::move(check.report);
}

}  // namespace

std::size_t CrossCheckReport::ran() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(backends, &CheckedBackend::ran));
}

bool CrossCheckReport::proves_nothing() const noexcept { return void_share > 0.5; }

bool CrossCheckReport::ok() const noexcept {
  const auto agrees = [](const auto& item) { return item.agreement.ok; };
  return ran() > 0 && !proves_nothing() && std::ranges::all_of(backends, agrees) &&
         std::ranges::all_of(pairs, agrees) &&
         std::ranges::all_of(backends, [](const auto& b) { return b.failure.empty(); });
}

CrossCheckReport cross_check(const Model& model, const CheckInput& input,
                             const CrossCheckOptions& options) {
  return with_own_errors([&] { return check_all(model, input, options); });
}

}  // namespace carousel
