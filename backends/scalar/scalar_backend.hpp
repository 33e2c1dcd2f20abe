// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

namespace carousel {

/// Plain C++ that reads like the equations, to compare the fast backends with.
[[nodiscard]] const Backend& scalar_backend();

}  // namespace carousel
