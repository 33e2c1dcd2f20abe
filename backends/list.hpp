// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include <span>

namespace carousel {

/// The backends of this build, in priority order. (`backends()` returns plug-ins as well.)
[[nodiscard]] std::span<const BackendEntry> built_in_backends();

}  // namespace carousel
