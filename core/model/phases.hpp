// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/wiring.hpp"

namespace carousel {

/// Fills in what follows from the sources of a wiring: phases, optional inputs, and whether the
/// whole sequence is needed.
void find_phases(const Model& model, Wiring& wiring);

}  // namespace carousel
