// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/plugins/plugin_backend.hpp"

#include <filesystem>
#include <memory>

namespace carousel::plugins {

/// Opens the shared library, for good, and makes a backend of its plug-in. Throws Error naming the
/// file and what is wrong with it.
[[nodiscard]] std::unique_ptr<PluginBackend> open_plugin(const std::filesystem::path& path);

/// Throws Error (invalid_argument) unless `path` is absolute: what is loaded must not depend on the
/// current directory.
void require_absolute(const std::filesystem::path& path);

}  // namespace carousel::plugins
