// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

namespace carousel {

/// Which of alpha and beta a kind of activation has.
struct ActivationParameters {
  bool alpha = false;
  bool beta = false;
};

[[nodiscard]] ActivationParameters parameters(ActivationKind kind) noexcept;

}  // namespace carousel
