// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "oracle_reference.hpp"
#include "workload_run.hpp"

#include <carousel/compare.hpp>
#include <carousel/network.hpp>

#include <cstdint>

/// What `carousel rank` compares results with.
namespace carousel::cli {

/// As many of the first steps and rows as the oracle can do in passing, at least one.
struct CheckedPart {
  Workload prefix;          ///< these steps, all rows
  std::int64_t rows = 1;    ///< of them, those that the oracle did
  oracle::Result expected;  ///< of these steps and rows, with the model's weights
};

[[nodiscard]] CheckedPart make_checked_part(const Workload& work);

/// What the oracle makes of the part with the weights that are stored with these options.
[[nodiscard]] oracle::Result expected_of(const CheckedPart& part, const PrepareOptions& options);

/// Compares what a run of the part's steps put out.
[[nodiscard]] Agreement outputs_agreement(const WorkloadRun& run, const Workload& work,
                                          const oracle::Result& expected);

/// 10 log10 of the squares of what is expected over those of the differences.
[[nodiscard]] double signal_to_noise(const Agreement& agreement) noexcept;

}  // namespace carousel::cli
