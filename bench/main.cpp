// SPDX-License-Identifier: Apache-2.0
#include "machine.hpp"
#include "onnxruntime.hpp"
#include "print.hpp"
#include "settings.hpp"
#include "suite.hpp"

#include <command_line.hpp>
#include <commands.hpp>
#include <output_files.hpp>
#include <timing.hpp>

#include <algorithm>
#include <iostream>

namespace {

using namespace carousel;
using namespace carousel::bench;

void print(const Settings& settings, const Results& results) {
  if (settings.lengths) print_lengths(results, std::cout);
  if (settings.prepare) print_prepare(results, std::cout);
  if (settings.plugin_route) print_routes(results, std::cout);
  if (settings.estimate) print_estimates(results, std::cout);
  if (settings.cache_sweep) print_cache_sweep(results, std::cout);
  if (settings.neighbours) print_neighbours(results, std::cout);
  if (!settings.networks.empty()) print_networks(results, std::cout);
  if (results.measurements.empty()) return;
  print_roofline(results.roofline, std::cout);
  std::cout << '\n';
  if (settings.compare) {
    print_comparison(results, std::cout);
  } else if (settings.precision != Precision::float32) {
    print_precision(results, settings.precision, std::cout);
  } else {
    print_measurements(results, std::cout);
    print_summary(results, std::cout);
  }
}

int exit_code(const Settings& settings, const Results& results) {
  const bool wrong =
      std::ranges::any_of(results.measurements, [](const Measurement& one) { return !one.agrees; });
  const bool missed =
      settings.strict &&
      std::ranges::any_of(results.verdicts, [](const Verdict& one) { return !one.met(); });
  return wrong || missed ? cli::kCheckFailed : cli::kOk;
}

int run(int argc, char** argv) {
  Settings settings;
  settings.output = "build/bench/results.json";
  int code = cli::kOk;
  if (!parse_arguments(argc, argv, settings, code)) return code;
  const double start = cli::now();
  Results results;
  results.mode = settings.mode;
  results.shapes = settings.shapes;
  results.onednn_version = onednn_version();
  if (settings.peers) results.onnxruntime_version = onnxruntime_version();
  if (settings.lengths) run_lengths(settings, results);
  if (settings.prepare) run_prepare(settings, results);
  if (settings.plugin_route) run_plugin_route(settings, results);
  if (settings.estimate) run_estimates(settings, results);
  if (settings.cache_sweep) run_cache_sweep(settings, results);
  if (settings.neighbours) run_neighbours(settings, results);
  if (!settings.networks.empty()) run_networks(settings, results);
  if (!is_extra(settings)) run_suite(settings, results);
  results.verdicts = judge(results);
  results.seconds = cli::now() - start;
  print(settings, results);
  if (!settings.output.empty()) {
    cli::write_file(settings.output, results_json(results).dump(1) + "\n");
    std::cout << "\nAll figures: " << settings.output << ". As a page: carousel report "
              << settings.output << '\n';
  }
  return exit_code(settings, results);
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run_program("carousel_bench", [&] { return run(argc, argv); });
}
