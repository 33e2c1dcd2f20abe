// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "results.hpp"

#include <iosfwd>

namespace carousel::bench {

/// The tables that people read, one for each kind of result that there is.
void print_roofline(const Roofline& roofline, std::ostream& out);
void print_measurements(const Results& results, std::ostream& out);
/// What a precision gains, saves and costs, and what other engines have in it.
void print_precision(const Results& results, Precision precision, std::ostream& out);
/// What is to be said of a measurement besides its numbers: that its results are wrong, or that the
/// machine was in a slow state.
[[nodiscard]] std::string note(const Measurement& measurement);
/// xsimd against oneDNN with the targets, and a list of those missed.
void print_comparison(const Results& results, std::ostream& out);
/// How many targets were met, in one line.
void print_summary(const Results& results, std::ostream& out);
void print_lengths(const Results& results, std::ostream& out);
void print_prepare(const Results& results, std::ostream& out);
void print_routes(const Results& results, std::ostream& out);
void print_estimates(const Results& results, std::ostream& out);
void print_cache_sweep(const Results& results, std::ostream& out);
void print_neighbours(const Results& results, std::ostream& out);
void print_networks(const Results& results, std::ostream& out);

}  // namespace carousel::bench
