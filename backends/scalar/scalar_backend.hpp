// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

namespace carousel {

/// Plain C++ that reads like the equations: the reference to compare the fast ones with.
[[nodiscard]] const Backend& scalar_backend();

}  // namespace carousel
