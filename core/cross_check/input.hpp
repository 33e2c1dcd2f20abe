// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cross_check.hpp>

namespace carousel::detail {

/// Whether it has data: an input that may be left out need not.
[[nodiscard]] bool is_given(const NamedInput& input) noexcept;

/// Throws Error (invalid_argument) for input that `Stream::run` would refuse, so that no backend is
/// blamed for it.
void check_input(const Model& model, const CheckInput& input);

}  // namespace carousel::detail
