// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/problem.hpp"
#include "core/verify/conformance/runner.hpp"

#include <carousel/network.hpp>

/// \file
/// The ways in which a case is run. Each throws Failure at the first thing that is wrong.
namespace carousel::conformance {

/// A report that says so, of nothing that was compared.
[[nodiscard]] CaseReport report_of(Outcome outcome, std::string message);

/// Whether a backend that is registered is a plug-in.
[[nodiscard]] bool is_plugin(const Backend& backend);

/// Whether it runs every layer of a case; the first refusal if not.
[[nodiscard]] Support supports_all(const Backend& backend, const Case& c, Precision precision);

/// The case's network, all of whose layers the backend runs. Every other case is prepared for one
/// row and step, since the batch and steps that callers expect are no limits. Plug-ins get weights
/// that are copied for them: aligned to 4 bytes only, and overwritten when they are made.
[[nodiscard]] Network prepare_forced(const Backend& backend, const Problem& problem);

/// Steps of each run of a case.
[[nodiscard]] std::int64_t steps_per_run(const Case& c);

/// The whole sequence through a Stream, in the case's layouts and chunks. Its outputs and final
/// states are what the report's digest is of.
void run_stream(const Network& network, const Problem& problem, CaseReport& report);

/// Step by step from the backend's own states, some of the steps with the strict tolerance.
void run_single_steps(const Network& network, const Problem& problem, CaseReport& report);

/// Some rows of the case alone, in other chunks and with more threads: the same bits as all rows
/// together in one piece.
void run_parts(const Backend& backend, const Problem& problem);

/// Each layer by itself, without a Stream, on what the oracle computed for its inputs.
void run_bare_layers(const Backend& backend, const Problem& problem, CaseReport& report);

}  // namespace carousel::conformance
