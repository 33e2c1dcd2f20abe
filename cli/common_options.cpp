// SPDX-License-Identifier: Apache-2.0
#include "common_options.hpp"

namespace carousel::cli {

void add_json_option(Parser& command, bool& json) {
  command.add_flag("--json", json, "print JSON");
}

void add_threads_option(Parser& command, int& threads) {
  command.add_option("--threads", threads, "threads that one run may use")
      .show_default()
      .range(1, 1024);
}

void add_backend_option(Parser& command, std::string& backend) {
  command.add_option("--backend", backend, "auto, xsimd, xsimd:avx2, onednn, scalar, ...")
      .not_empty();
}

void add_backends_option(Parser& command, std::string& backends) {
  command.add_option("--backend", backends, "only these: a family or an id (default: all)")
      .not_empty();
}

void add_precision_option(Parser& command, Precision& precision) {
  const std::string help = "how weights are stored and multiplied: " + std::string(name(precision));
  command
      .add_function(
          "--precision",
          [&precision](const std::string& word) { precision = precision_by_name(word); },
          help.c_str())
      .type_name("PRECISION");
}

void add_wisdom_option(Parser& command, std::filesystem::path& file) {
  command
      .add_function(
          "--wisdom", [&file](const std::string& path) { file = path; }, "another wisdom file")
      .type_name("FILE");
}

}  // namespace carousel::cli
