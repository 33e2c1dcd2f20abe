// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "plugin_option.hpp"

#include <CLI/CLI.hpp>
#include <carousel/error.hpp>

#include <array>
#include <exception>
#include <iostream>
#include <new>
#include <span>
#include <string>

namespace {

using namespace carousel::cli;

constexpr const char* kExamples = R"(Examples:
  carousel backends                                        what this CPU can run, and why not more
  carousel rank models/charlm.safetensors                  which backend is the fastest for a model
  carousel run vad.safetensors --input x.npy --output y.npy

`carousel COMMAND --help` has more. Exit codes: 0 ok, 1 a check failed, 2 usage or bad input.)";

int fail(const std::string& text) {
  std::cerr << "carousel: error: " << text << '\n';
  return kBadInput;
}

std::string usage_error(const CLI::App* app, const CLI::Error& error) {
  const auto chosen = app->get_subcommands();
  const auto rest = app->remaining();
  std::string text = error.what();
  if (chosen.empty() && !rest.empty()) text = "there is no command '" + rest.front() + "'";
  const std::string name = chosen.empty() ? "" : chosen.front()->get_name() + " ";
  return "carousel: error: " + text + "\nTry 'carousel " + name + "--help'.\n";
}

int run_chosen(std::span<const Command> commands) {
  for (const Command& command : commands) {
    if (!command.parser->parsed()) continue;
    const int code = command.run();
    std::cout.flush();
    return std::cout ? code : fail("cannot write to standard output");
  }
  return kBadInput;
}

int run(int argc, char** argv) {
  CLI::App app{
      "Carousel runs trained LSTM networks on this CPU: it ranks the backends by measured speed,\n"
      "checks them against a float64 oracle, and runs the network.",
      "carousel"};
  app.set_version_flag("--version", "carousel " CAROUSEL_VERSION);
  app.footer(kExamples);
  app.failure_message(usage_error);
  app.require_subcommand(1);
  const std::array commands{backends_command(app), inspect_command(app),    run_command(app),
                            check_command(app),    rank_command(app),       generate_command(app),
                            latency_command(app),  report_command(app),     convert_command(app),
                            trace_command(app),    tune_command(app),       wisdom_command(app),
                            explain_command(app),  conformance_command(app)};
  for (const Command& command : commands) add_plugin_option(*command.parser);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kBadInput;
  }
  return run_chosen(commands);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    return fail("out of memory");
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
