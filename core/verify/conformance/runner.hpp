// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/problem.hpp"

#include <carousel/backend.hpp>

#include <cstdint>
#include <string>

namespace carousel::conformance {

enum class Outcome : std::uint8_t {
  passed,
  refused,  ///< `Backend::supports` said no, with a reason
  failed,
  set_apart,  ///< Not run: a known difference of a library that is not ours.
};

struct CaseReport {
  Outcome outcome = Outcome::passed;
  std::string message;        ///< Why it was not run, or which case failed and how.
  double worst_share = 0.0;   ///< Largest error, as a share of its tolerance.
  std::int64_t elements = 0;  ///< Values compared.
  /// A hash of the bits of all outputs and final states of the whole sequence, to compare builds
  /// by; all NaNs count as the same. 0 where there are none.
  std::uint64_t digest = 0;
};

/// Runs one case on one backend, through a Stream as an application would, then through the bare
/// Layers with guarded states. Judged: outputs and final states elementwise against the oracle;
/// single steps from the backend's own states, with the strict tolerance; all memory around and
/// between rows untouched, inputs unchanged. Never throws.
[[nodiscard]] CaseReport run_case(const Backend& backend, const Problem& problem);

/// The same; makes the case's problem only if the backend supports its layers.
[[nodiscard]] CaseReport run_case(const Backend& backend, const Case& spec,
                                  Precision precision = Precision::float32);

}  // namespace carousel::conformance
