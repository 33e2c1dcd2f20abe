// SPDX-License-Identifier: Apache-2.0
#include "plugin_option.hpp"

#include <CLI/CLI.hpp>
#include <carousel/backend.hpp>

#include <filesystem>
#include <vector>

namespace carousel::cli {

const Backend& load_plugin_file(const std::string& path) {
  return load_plugin(std::filesystem::absolute(path).string());
}

void add_plugin_option(CLI::App& command) {
  const bool names_backends = command.get_option_no_throw("--backend") != nullptr;
  if (!names_backends && command.get_name() != "backends") return;
  if (command.get_option_no_throw("--plugin") != nullptr) return;
  command
      .add_option_function<std::vector<std::string>>(
          "--plugin",
          [](const std::vector<std::string>& files) {
            for (const std::string& file : files) load_plugin_file(file);
          },
          "load the backend in this plug-in; may be given again")
      ->allow_extra_args(false);
}

}  // namespace carousel::cli
