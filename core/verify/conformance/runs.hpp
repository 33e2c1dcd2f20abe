// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/problem.hpp"
#include "core/verify/conformance/runner.hpp"

#include <carousel/network.hpp>

/// \file
/// The ways in which a case is run. Each throws Failure at the first thing that is wrong.
namespace carousel::conformance {

/// Steps of each run of a case.
[[nodiscard]] std::int64_t steps_per_run(const Case& c);

/// The whole sequence through a Stream, in the case's layouts and chunks. Its outputs and final
/// states are what the report's digest is of.
void run_stream(const Network& network, const Problem& problem, CaseReport& report);

/// Step by step from the backend's own states, some of the steps with the strict tolerance.
void run_single_steps(const Network& network, const Problem& problem, CaseReport& report);

/// Each layer by itself, without a Stream, on what the oracle computed for its inputs.
void run_bare_layers(const Backend& backend, const Problem& problem, CaseReport& report);

}  // namespace carousel::conformance
