// SPDX-License-Identifier: Apache-2.0
#include "rank_check.hpp"

#include "core/engine/layer_precisions.hpp"
#include "core/model/stored_weights.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace carousel::cli {
namespace {

constexpr double kOracleFlops = 200e6;  // what the oracle may cost: some tenths of a second

/// `y` is one output of all rows; what is expected, of the first few.
Agreement rows_agreement(std::span<const float> y, std::int64_t batch,
                         const oracle::Quantity& expected) {
  std::vector<float> found;
  const std::int64_t count = expected.batch * expected.features;
  for (std::int64_t t = 0; t < expected.steps; ++t) {
    const auto step = y.subspan(static_cast<std::size_t>(t * batch * expected.features),
                                static_cast<std::size_t>(count));
    found.insert(found.end(), step.begin(), step.end());
  }
  return compare(found, expected.value, expected.tolerance);
}

}  // namespace

CheckedPart make_checked_part(const Workload& work) {
  const double per_row = std::max(work.model.flops_per_row(), 1.0);
  const auto row_steps = static_cast<std::int64_t>(std::max(1.0, kOracleFlops / per_row));
  const std::int64_t rows =
      std::clamp<std::int64_t>(row_steps / 64, 1, std::max<std::int64_t>(work.batch, 1));
  CheckedPart part{.prefix = work.prefix(std::max<std::int64_t>(1, row_steps / rows)),
                   .rows = std::min(rows, work.batch),
                   .expected = {}};
  part.expected = oracle::run(work.model, oracle_inputs(part.prefix.first_rows(part.rows)));
  return part;
}

oracle::Result expected_of(const CheckedPart& part, const PrepareOptions& options) {
  const Model& model = part.prefix.model;
  const auto precisions = layer_precisions(model, options);
  return oracle::run(store_weights(model, precisions),
                     oracle_inputs(part.prefix.first_rows(part.rows)), {}, {},
                     {.precisions = precisions});
}

Agreement outputs_agreement(const WorkloadRun& run, const Workload& work,
                            const oracle::Result& expected) {
  Agreement all;
  for (std::size_t k = 0; k < expected.outputs.size(); ++k) {
    append(all, rows_agreement(run.output(k), work.batch, expected.y(k)));
  }
  return all;
}

double signal_to_noise(const Agreement& agreement) noexcept {
  return 10 * std::log10(agreement.expected_square / agreement.error_square);
}

}  // namespace carousel::cli
