// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/carousel.h>

#include <string>

namespace carousel {

/// `Backend::version` of a backend of this repository: that of Carousel and the backend's own.
[[nodiscard]] inline std::string built_in_version(int revision) {
  return std::to_string(CAROUSEL_VERSION_MAJOR) + '.' + std::to_string(CAROUSEL_VERSION_MINOR) +
         '.' + std::to_string(CAROUSEL_VERSION_PATCH) + " revision " + std::to_string(revision);
}

}  // namespace carousel
