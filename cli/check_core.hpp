// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "workload.hpp"

#include <carousel/backend.hpp>
#include <carousel/compare.hpp>
#include <carousel/network.hpp>

#include <oracle/oracle.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The cross-check behind `carousel check`: any list of backends against the float64 oracle and
/// against each other, and where a disagreement starts.
namespace carousel::cli {

/// Something to check: how it makes a network of a whole model, and the backend for single layers.
struct Candidate {
  std::string name;
  const Backend* backend = nullptr;
  std::function<Network(const Model&)> prepare;
};

/// The backends that `choice` names and this CPU can run.
[[nodiscard]] std::vector<Candidate> candidates(std::string_view choice);

/// The first place where a single layer, given the oracle's own inputs and state, goes wrong.
struct Divergence {
  std::string layer;      ///< "layer 1", "head"
  std::int64_t step = 0;  ///< counted from 0, like row and unit
  std::int64_t row = 0;
  std::int64_t unit = 0;
  std::string direction;  ///< "forward", "reverse"; empty for the head
  std::string quantity;   ///< "c: i * g (input gate or candidate)"
  double found = 0;
  double expected = 0;
  double tolerance = 0;
};

struct CandidateResult {
  std::string name;
  std::string refusal;        ///< why it cannot run this model; then nothing below counts
  std::vector<float> values;  ///< outputs, then the final states
  Agreement agreement;        ///< of `values` with the oracle
  std::optional<Divergence> divergence;  ///< unless ok; nothing when no single layer is at fault

  [[nodiscard]] bool ran() const noexcept { return refusal.empty(); }
};

struct PairResult {
  std::size_t first = 0;  ///< indices of results
  std::size_t second = 0;
  Agreement agreement;  ///< to within the tolerances of both
  bool same_bits = false;
};

struct CheckReport {
  std::vector<CandidateResult> results;
  std::vector<PairResult> pairs;

  [[nodiscard]] std::size_t ran() const noexcept;
  [[nodiscard]] bool ok() const noexcept;  ///< everything that ran agrees, and something ran
};

/// Runs `work` on every candidate; `progress` is told the share that is done.
[[nodiscard]] CheckReport check(const Workload& work, std::span<const Candidate> candidates,
                                const std::function<void(double)>& progress = {});

/// The exact input of the recurrent stack: x, or what the embedding makes of the ids.
[[nodiscard]] oracle::Quantity oracle_input(const Workload& work);

/// Finds where `candidate` leaves the oracle, whose whole run, with traces, is `reference`.
[[nodiscard]] std::optional<Divergence> locate(const Candidate& candidate, const Workload& work,
                                               const oracle::Result& reference);

}  // namespace carousel::cli
