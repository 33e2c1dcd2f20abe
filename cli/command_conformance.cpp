// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "plugin_option.hpp"
#include "progress.hpp"
#include "table.hpp"

#include "core/verify/conformance/suite.hpp"

#include <carousel/backend.hpp>
#include <carousel/carousel.h>
#include <carousel/cpu.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <random>

namespace carousel::cli {
namespace {

using conformance::SuiteReport;

constexpr const char* kFooter =
    R"(Runs every case of Carousel's conformance suite that the backend does not refuse: cells and their
variants, directions, sizes, batches, lengths, strides, chunks, threads, and numbers that are huge,
tiny, infinite or NaN. With --precision, weights are stored in it, and the oracle has the numbers that
are stored. Each value is compared with a float64 oracle whose tolerance follows from the
number of roundings; all memory around the arrays is watched. The cases run in a child process: one in
which it dies, or that takes longer than --time-limit, fails by name, and the rest is run all the same.
Plug-ins are also asked for layers that do not exist, and run two streams at the same time; their
weights lie at any multiple of 4 bytes and are gone after layer_create.

--random draws cases instead: any cell, variant, size, wiring and way to call; on scalar and xsimd also
some rows alone, in other chunks and with more threads, which have to give the same bits. The seed is
printed; with --seed the same cases are drawn again.

Examples:
  carousel conformance --plugin ./libcarousel_backend_abacus.so
  carousel conformance --plugin ./libcarousel_backend_abacus.so --json > verdict.json
  carousel conformance --backend xsimd:avx2 --case lengths
  carousel conformance --backend xsimd --digest
  carousel conformance --backend xsimd --precision float16
  carousel conformance --backend xsimd --random 10000
  carousel conformance --backend xsimd:avx2 --random 10000 --seed 7 --case s7.4711_

Exit code 1 when a case fails, none could be run, or those that ran have no values to compare.)";

struct Options {
  std::vector<std::string> plugins;
  std::string backend;
  conformance::SuiteOptions suite{};
  std::size_t random = 0;
  std::uint64_t seed = 0;  ///< 0: a new one
  double time_limit = 60;
  bool digest = false;
  bool json = false;
};

SuiteReport run_one(const Backend& backend, const Options& options) {
  Progress bar("carousel conformance, " + backend.id());
  conformance::SuiteOptions suite = options.suite;
  suite.progress = [&](const std::string&, double done) { bar.update(done); };
  return run_suite_apart(backend, suite, std::chrono::duration<double>(options.time_limit));
}

std::string_view plugin_of(const Backend& backend) {
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == &backend) return entry.plugin;
  }
  return {};
}

Json reasons_json(const std::map<std::string, std::size_t>& reasons) {
  Json list = Json::array();
  for (const auto& [reason, count] : reasons)
    list.push_back({{"reason", reason}, {"cases", count}});
  return list;
}

Json json_of(const Backend& backend, const Options& options, const SuiteReport& report) {
  const std::string_view plugin = plugin_of(backend);
  return {{"backend", backend.id()},
          {"version", backend.version()},
          {"description", backend.description()},
          {"plugin", plugin.empty() ? Json(nullptr) : Json(std::string(plugin))},
          {"carousel", carousel_version()},
          {"cpu", cpu().brand},
          {"features", cpu().names()},
          {"case", options.suite.filter},
          {"precision", name(options.suite.precision)},
          {"seed", options.suite.random ? Json(options.suite.random->seed) : Json(nullptr)},
          {"passed", report.passed},
          {"failed", report.failed},
          {"refused", report.refused},
          {"set_apart", report.set_apart},
          {"values", report.elements},
          {"worst_share", report.worst_share},
          {"worst_case", report.worst_case},
          {"digest", format_hex(report.digest)},
          {"refusals", reasons_json(report.refusals)},
          {"differences", reasons_json(report.differences)},
          {"failures", report.failures},
          {"conforms", report.conforms()}};
}

void print_reasons(const char* title, const std::map<std::string, std::size_t>& reasons) {
  if (reasons.empty()) return;
  std::cout << title << '\n';
  for (const auto& [reason, count] : reasons) std::cout << "  " << count << "  " << reason << '\n';
}

void print_failures(const std::vector<std::string>& failures) {
  constexpr std::size_t kMost = 10;
  if (failures.empty()) return;
  std::cout << "failed\n";
  for (std::size_t i = 0; i < std::min(failures.size(), kMost); ++i) {
    std::cout << "  " << failures[i] << '\n';
  }
  if (failures.size() > kMost)
    std::cout << "  and " << failures.size() - kMost << " more (--json)\n";
}

std::string verdict(const Backend& backend, const SuiteReport& report) {
  if (report.conforms()) return "conforms: passes every case that it does not refuse";
  if (report.failed > 0) return "does NOT conform";
  if (report.passed == 0) return "nothing could be run";
  return "nothing was compared: the cases that ran have no values, which proves nothing of " +
         backend.id();
}

void print_text(const Backend& backend, const SuiteReport& report, const Options& options) {
  const std::string_view plugin = plugin_of(backend);
  std::cout << "backend   " << backend.id() << ", version " << backend.version() << '\n'
            << "          " << backend.description() << '\n';
  if (!plugin.empty()) std::cout << "plug-in   " << plugin << '\n';
  std::cout << "on        Carousel " << carousel_version() << ", " << cpu().brand << '\n'
            << "precision " << name(options.suite.precision) << '\n';
  if (options.suite.random) std::cout << "seed      " << options.suite.random->seed << '\n';
  std::cout << "cases     " << report.passed << " passed, " << report.failed << " failed, "
            << report.refused << " refused, " << report.set_apart << " set apart\n"
            << "values    " << format_count(report.elements) << " compared, largest error "
            << format_fixed(report.worst_share, 2) << " of its tolerance";
  if (!report.worst_case.empty()) std::cout << " (" << report.worst_case << ')';
  std::cout << '\n';
  if (options.digest) std::cout << "digest    " << format_hex(report.digest) << '\n';
  print_reasons("refused", report.refusals);
  print_reasons("set apart: known differences of the library", report.differences);
  print_failures(report.failures);
  std::cout << "verdict   " << verdict(backend, report) << '\n';
}

std::vector<const Backend*> chosen(const Options& options) {
  if (options.plugins.empty() && options.backend.empty()) {
    throw Error(ErrorCode::invalid_argument, "conformance: give --plugin FILE or --backend NAME");
  }
  std::vector<const Backend*> loaded;
  for (const std::string& file : options.plugins) loaded.push_back(&load_plugin_file(file));
  return options.backend.empty() ? loaded : select_backends(options.backend);
}

conformance::RandomCases drawn(const Options& options) {
  std::random_device device;
  return {options.seed > 0 ? options.seed : device(), options.random};
}

int run(Options options) {
  if (options.random > 0) options.suite.random = drawn(options);
  if (options.seed > 0 && options.random == 0) {
    throw Error(ErrorCode::invalid_argument, "conformance: --seed is the seed of --random COUNT");
  }
  bool conform = true;
  Json list = Json::array();
  for (const Backend* backend : chosen(options)) {
    const SuiteReport report = run_one(*backend, options);
    conform = conform && report.conforms();
    if (options.json) {
      list.push_back(json_of(*backend, options, report));
    } else {
      print_text(*backend, report, options);
    }
  }
  if (options.json) print_json(list);
  return conform ? kOk : kCheckFailed;
}

}  // namespace

Command conformance_command(Parser& app) {
  Parser command =
      app.add_subcommand("conformance", "Prove that a backend or plug-in computes what it should");
  auto options = std::make_shared<Options>();
  command
      .add_repeatable(
          "--plugin", [options](const std::string& file) { options->plugins.push_back(file); },
          "the backend in this plug-in; may be given again")
      .not_empty();
  command.add_option("--backend", options->backend, "one that Carousel has: a family or an id");
  command.add_option("--case", options->suite.filter, "only cases whose names contain this");
  command.add_option("--random", options->random, "so many cases drawn at random instead")
      .range(std::uint64_t{1}, std::uint64_t{10'000'000});
  command.add_option("--seed", options->seed,
                     "of the cases drawn at random (default, and 0: a new one)");
  command.add_option("--time-limit", options->time_limit, "seconds that one case may take")
      .show_default()
      .positive();
  add_precision_option(command, options->suite.precision);
  command.add_flag("--digest", options->digest,
                   "one hash of the bits of all results, to compare builds of a backend by");
  add_json_option(command, options->json);
  command.footer(kFooter);
  return {command, [options] { return run(*options); }};
}

}  // namespace carousel::cli
