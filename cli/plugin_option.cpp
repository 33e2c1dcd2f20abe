// SPDX-License-Identifier: Apache-2.0
#include "plugin_option.hpp"

#include <carousel/backend.hpp>

#include <filesystem>

namespace carousel::cli {

const Backend& load_plugin_file(const std::string& path) {
  return load_plugin(std::filesystem::absolute(path));
}

void add_plugin_option(Parser& command) {
  const bool names_backends = command.has_option("--backend") || command.has_option("--compare");
  if (!names_backends && command.name() != "backends") return;
  if (command.has_option("--plugin")) return;
  command
      .add_repeatable(
          "--plugin", [](const std::string& file) { load_plugin_file(file); },
          "load the backend in this plug-in; may be given again")
      .not_empty();
}

}  // namespace carousel::cli
