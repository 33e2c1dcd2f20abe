// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shapes.hpp"

#include <carousel/precision.hpp>

#include <string>
#include <vector>

namespace carousel::bench {

/// What the command line asks for.
struct Settings {
  std::vector<Shape> shapes;
  std::vector<std::string> backends;  ///< empty: default_backends()
  std::vector<int> threads{1, 2};
  Precision precision = Precision::float32;
  double seconds = 540;  ///< for the shapes or their lengths; a goal, not a promise
  int most_repetitions = 101;
  bool all_backends = true;  ///< without `backends`: each instruction set and scalar as well
  bool compare = false;
  bool peers = false;  ///< ONNX Runtime as well
  bool lengths = false;
  bool prepare = false;
  bool plugin_route = false;
  bool estimate = false;
  bool cache_sweep = false;
  bool neighbours = false;
  std::string networks;  ///< instead: a folder of whole networks; empty: none
  bool strict = false;
  std::string mode = "full";
  std::string output;  ///< empty: none
};

/// Whether something else than the suite was asked for.
[[nodiscard]] inline bool is_extra(const Settings& settings) {
  return settings.lengths || settings.prepare || settings.plugin_route || settings.estimate ||
         settings.cache_sweep || settings.neighbours || !settings.networks.empty();
}

/// Throws Error for bad arguments. Returns false when all was said already (--help, --version);
/// `exit_code` is what to exit with then.
[[nodiscard]] bool parse_arguments(int argc, char** argv, Settings& settings, int& exit_code);

}  // namespace carousel::bench
