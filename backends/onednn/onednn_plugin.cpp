// SPDX-License-Identifier: Apache-2.0
// The backend as a plug-in.
#include "backends/onednn/onednn_backend.hpp"

#include <carousel/plugin.hpp>

CAROUSEL_EXPORT_BACKEND_AS(ONEDNN_PLUGIN_NAME, carousel::onednn_backend())
