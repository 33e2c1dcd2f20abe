// SPDX-License-Identifier: Apache-2.0
#include "common_options.hpp"

#include <carousel/error.hpp>

namespace carousel::cli {
namespace {

std::string precision_help() {
  std::string help = "how weights are stored and multiplied:";
  for (const Precision one : precisions()) help += " " + std::string(name(one));
  return help;
}

}  // namespace

void add_json_option(Parser& command, bool& json) {
  command.add_flag("--json", json, "print JSON");
}

void add_threads_option(Parser& command, int& threads) {
  command.add_option("--threads", threads, "threads that one run may use")
      .show_default()
      .range(1, 1024);
}

void add_backend_option(Parser& command, std::string& backend) {
  command
      .add_option("--backend", backend,
                  "auto, xsimd, xsimd:avx2, onednn, scalar, ...; with commas\n"
                  "between, each layer runs on the first that can run it")
      .not_empty();
}

void add_backends_option(Parser& command, std::string& backends) {
  command
      .add_option("--backend", backends,
                  "only these: families or ids with commas between (default: all)")
      .not_empty();
}

void add_precision_option(Parser& command, Precision& precision) {
  command
      .add_function(
          "--precision",
          [&precision](const std::string& word) { precision = precision_by_name(word); },
          precision_help().c_str())
      .type_name("PRECISION");
}

void add_precisions_option(Parser& command, std::vector<Precision>& chosen) {
  command
      .add_function(
          "--precision",
          [&chosen](const std::string& words) { chosen = precisions_by_names(words); },
          ("all, or some of them with commas between; " + precision_help()).c_str())
      .type_name("PRECISIONS");
}

void add_precision_options(Parser& command, PrecisionChoice& choice) {
  add_precision_option(command, choice.network);
  add_layer_precision_option(command, choice.layers);
}

void add_layer_precision_option(Parser& command, std::vector<LayerPrecision>& layers) {
  command
      .add_repeatable(
          "--layer-precision",
          [&layers](const std::string& word) {
            const std::size_t equals = word.rfind('=');
            if (equals == std::string::npos) {
              throw Error(ErrorCode::invalid_argument,
                          "--layer-precision " + word + ": expected LAYER=PRECISION");
            }
            layers.push_back({word.substr(0, equals), precision_by_name(word.substr(equals + 1))});
          },
          "an exception: another precision for this layer; may be repeated")
      .type_name("LAYER=PRECISION");
}

void add_wisdom_option(Parser& command, std::filesystem::path& file) {
  command
      .add_function(
          "--wisdom", [&file](const std::string& path) { file = path; }, "another wisdom file")
      .not_empty()
      .type_name("FILE");
}

}  // namespace carousel::cli
