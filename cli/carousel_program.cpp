// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "plugin_option.hpp"

#include <carousel/carousel.h>

#include <array>
#include <optional>
#include <span>

namespace carousel::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  carousel backends                                        what this CPU can run, and why not more
  carousel rank models/charlm.safetensors                  which backend is the fastest for a model
  carousel run vad.safetensors --input x.npy --output y.npy

`carousel COMMAND --help` has more. Exit codes: 0 ok, 1 a check failed, 2 usage or bad input.)";

int run_chosen(std::span<const Command> commands) {
  for (const Command& command : commands) {
    if (command.parser.parsed()) return command.run();
  }
  return kBadInput;
}

}  // namespace

int run_carousel(int argc, char** argv) {
  CommandLine command_line(
      kCarousel,
      "Carousel runs trained LSTM networks on this CPU: it ranks the backends by measured speed,\n"
      "checks them against a float64 oracle, and runs the network.",
      carousel_version());
  Parser app = command_line.parser();
  app.footer(kExamples);
  app.require_subcommand();
  std::array commands{backends_command(app), inspect_command(app),    run_command(app),
                      check_command(app),    rank_command(app),       generate_command(app),
                      latency_command(app),  report_command(app),     convert_command(app),
                      trace_command(app),    tune_command(app),       wisdom_command(app),
                      explain_command(app),  conformance_command(app)};
  for (Command& command : commands) add_plugin_option(command.parser);
  const std::optional<int> done = command_line.parse(argc, argv);
  const int code = done ? *done : run_chosen(commands);
  flush_output();
  return code;
}

}  // namespace carousel::cli
