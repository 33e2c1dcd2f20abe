// SPDX-License-Identifier: Apache-2.0
// Where no plug-in can be loaded, there is nothing that plug-ins are asked.
#include "core/verify/conformance/plugin_trials.hpp"

namespace carousel::conformance {

std::vector<Trial> plugin_trials(const Backend& /*backend*/) { return {}; }

}  // namespace carousel::conformance
