// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace carousel::plugins {

/// A file to load, or a part of the path that is none.
struct PathItem {
  std::string file;
  std::string problem;  ///< empty: load it
};

/// What CAROUSEL_PLUGIN_PATH names or, if that is not set, the folder that the build was given
/// (CAROUSEL_PLUGIN_DIR, mostly none).
[[nodiscard]] std::vector<PathItem> plugin_path();

/// The same for a value of the variable.
[[nodiscard]] std::vector<PathItem> plugin_files(const std::string& path);

/// The backend's name, as its file's says it: "libcarousel_backend_abacus.so" has "abacus".
[[nodiscard]] std::string backend_name_of(const std::string& file);

}  // namespace carousel::plugins
