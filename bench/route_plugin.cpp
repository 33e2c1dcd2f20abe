// SPDX-License-Identifier: Apache-2.0
#include "route.hpp"

#include <carousel/plugin.hpp>

CAROUSEL_EXPORT_BACKEND(carousel::bench::route_backend())
