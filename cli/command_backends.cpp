// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "table.hpp"

#include <carousel/backend.hpp>
#include <carousel/cpu.hpp>

#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  carousel backends           every backend and instruction set: yes, or no and why
  carousel backends --json
  carousel backends --plugin ./libcarousel_backend_abacus.so

Choose one with --backend NAME or the environment variable CAROUSEL_BACKEND; a family name such as
xsimd stands for the best of its variants. Plug-ins are looked for in CAROUSEL_PLUGIN_PATH: absolute paths of
files or folders, with colons between them.)";

Support availability(const BackendEntry& entry) {
  if (entry.backend == nullptr) return Support::no(std::string(entry.missing_reason));
  return entry.backend->available(cpu());
}

std::string in_plugin(const BackendEntry& entry) {
  return entry.plugin.empty() ? "" : " (plug-in " + std::string(entry.plugin) + ")";
}

Table backend_table() {
  Table table({{"name", "backend", Align::left},
               {"available", "runs", Align::left},
               {"reason", "", Align::left},
               {"description", "", Align::left},
               {"plugin", "", Align::left},
               {"", "what it is, or why not", Align::left}});
  for (const BackendEntry& entry : backends()) {
    const Support support = availability(entry);
    const std::string description = entry.backend == nullptr ? "" : entry.backend->description();
    table.add({std::string(entry.name),
               {support ? "yes" : "no", support.ok},
               {"", support ? Json(nullptr) : Json(support.reason)},
               {"", description.empty() ? Json(nullptr) : Json(description)},
               {"", entry.plugin.empty() ? Json(nullptr) : Json(std::string(entry.plugin))},
               support ? description + in_plugin(entry) : support.reason});
  }
  return table;
}

void print_cpu() {
  const CpuFeatures& features = cpu();
  const auto bytes = [](std::int64_t count) {
    return count > 0 ? format_bytes(static_cast<double>(count)) : std::string("unknown");
  };
  std::cout << "CPU       " << (features.brand.empty() ? features.vendor : features.brand) << '\n'
            << "features  " << join(features.names(), " ") << '\n'
            << "caches    L1d " << bytes(features.l1d_bytes) << ", L2 " << bytes(features.l2_bytes)
            << " per core; L3 " << bytes(features.l3_bytes) << " shared\n\n";
}

Json cpu_json() {
  const CpuFeatures& features = cpu();
  return {{"vendor", features.vendor},     {"brand", features.brand},
          {"features", features.names()},  {"l1d_bytes", features.l1d_bytes},
          {"l2_bytes", features.l2_bytes}, {"l3_bytes", features.l3_bytes}};
}

int run(bool json) {
  const Table table = backend_table();
  if (json) {
    print_json({{"cpu", cpu_json()}, {"backends", table.json()}});
  } else {
    print_cpu();
    table.print(std::cout);
  }
  return kOk;
}

}  // namespace

Command backends_command(Parser& app) {
  Parser command = app.add_subcommand("backends", "What this CPU can run, and why not more");
  auto json = std::make_shared<bool>(false);
  add_json_option(command, *json);
  command.footer(kFooter);
  return {command, [json] { return run(*json); }};
}

}  // namespace carousel::cli
