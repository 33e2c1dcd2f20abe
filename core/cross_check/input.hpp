// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cross_check.hpp>

namespace carousel::detail {

/// Whether it has data: an input that may be left out need not.
[[nodiscard]] bool is_given(const NamedInput& input) noexcept;

/// What `Stream::run` would say, but by throwing Error (invalid_argument): it is no backend's
/// fault.
void check_input(const Model& model, const CheckInput& input);

}  // namespace carousel::detail
