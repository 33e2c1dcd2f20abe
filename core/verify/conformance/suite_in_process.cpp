// SPDX-License-Identifier: Apache-2.0
// The suite where there are no child processes: the limit of time is not kept, and a trial that
// crashes ends the process.
#include "core/verify/conformance/suite.hpp"

namespace carousel::conformance {

SuiteReport run_suite_apart(const Backend& backend, const SuiteOptions& options,
                            std::chrono::duration<double> /*limit*/) {
  return run_suite(backend, options);
}

}  // namespace carousel::conformance
