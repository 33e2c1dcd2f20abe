// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formatted.hpp"

#include <carousel/carousel.h>

#include <string>

namespace carousel {

/// `Backend::version` of a backend of this repository: that of Carousel and the backend's own.
[[nodiscard]] inline std::string built_in_version(int revision) {
  return formatted("{}.{}.{} revision {}", CAROUSEL_VERSION_MAJOR, CAROUSEL_VERSION_MINOR,
                   CAROUSEL_VERSION_PATCH, revision);
}

}  // namespace carousel
