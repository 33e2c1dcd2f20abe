// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cross_check.hpp>
#include <carousel/network.hpp>

namespace carousel::detail {

/// Whether the steps of this input can be run one by one.
[[nodiscard]] bool has_single_steps(const Network& network, const Model& model,
                                    const CheckInput& input);

/// What the reference makes of each step, from the states that the network itself arrived at before
/// it. In the order of Reference::network; the states are those after the last step.
[[nodiscard]] Expected expected_by_steps(const Reference& reference, const Network& network,
                                         const Model& model, const CheckInput& input);

}  // namespace carousel::detail
