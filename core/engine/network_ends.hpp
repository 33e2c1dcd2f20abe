// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/network_data.hpp"

namespace carousel::detail {

/// Fills in what is known of a wired network's inputs and outputs: ids, which inputs each layer
/// depends on, what the short form of a run takes and gives.
void find_ends(const Model& model, NetworkData& network);

}  // namespace carousel::detail
