// SPDX-License-Identifier: Apache-2.0
// The backends of a process that cannot load shared libraries: those of the build.
#include <carousel/backend.hpp>
#include <carousel/error.hpp>

#include "backends/list.hpp"

#include <filesystem>

namespace carousel {

std::span<const BackendEntry> backends() { return built_in_backends(); }

const Backend& load_plugin(const std::filesystem::path& path) {
  throw Error(ErrorCode::unsupported,
              "plug-in " + escaped(path.string()) + ": this build cannot load shared libraries");
}

}  // namespace carousel
