// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/plugins/plugin_backend.hpp"

#include <memory>
#include <string>

namespace carousel::plugins {

/// Opens the shared library, for good, and makes a backend of its plug-in. Throws Error naming the
/// file and what is wrong with it.
[[nodiscard]] std::unique_ptr<PluginBackend> open_plugin(const std::string& path);

/// Throws Error unless `path` is absolute: what is loaded must not depend on the current directory.
void require_absolute(const std::string& path);

}  // namespace carousel::plugins
