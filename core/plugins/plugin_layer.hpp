// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/plugins/plugin_backend.hpp"

#include <memory>

namespace carousel::plugins {

/// A layer that the plug-in makes: recurrent or dense. Throws Error naming its file and what it did
/// wrong.
[[nodiscard]] std::unique_ptr<Layer> make_plugin_layer(const PluginBackend& backend,
                                                       const LayerSpec& spec,
                                                       const Weights& weights,
                                                       const LayerOptions& options);

}  // namespace carousel::plugins
