// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command_line.hpp"

#include <functional>

/// One subcommand per file: each function adds its parser to `app` and returns how to run it.
namespace carousel::cli {

enum ExitCode : int { kOk = 0, kCheckFailed = 1, kBadInput = 2 };

struct Command {
  Parser parser;
  std::function<int()> run;  ///< returns an ExitCode; throws Error for bad input
};

[[nodiscard]] Command backends_command(Parser& app);
[[nodiscard]] Command inspect_command(Parser& app);
[[nodiscard]] Command run_command(Parser& app);
[[nodiscard]] Command check_command(Parser& app);
[[nodiscard]] Command conformance_command(Parser& app);
[[nodiscard]] Command rank_command(Parser& app);
[[nodiscard]] Command convert_command(Parser& app);
[[nodiscard]] Command trace_command(Parser& app);
[[nodiscard]] Command generate_command(Parser& app);
[[nodiscard]] Command latency_command(Parser& app);
[[nodiscard]] Command report_command(Parser& app);
[[nodiscard]] Command tune_command(Parser& app);
[[nodiscard]] Command wisdom_command(Parser& app);
[[nodiscard]] Command explain_command(Parser& app);

inline constexpr const char* kCarousel = "carousel";

/// The whole of the command: runs the subcommand that the arguments name. Returns an ExitCode;
/// throws Error for bad input.
[[nodiscard]] int run_carousel(int argc, char** argv);

}  // namespace carousel::cli
