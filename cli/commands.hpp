// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

/// One subcommand per file: each function adds its parser to `app` and returns how to run it.
namespace carousel::cli {

enum ExitCode : int { kOk = 0, kCheckFailed = 1, kBadInput = 2 };

struct Command {
  CLI::App* parser = nullptr;
  std::function<int()> run;  ///< returns an ExitCode; throws Error for bad input
};

[[nodiscard]] Command backends_command(CLI::App& app);
[[nodiscard]] Command inspect_command(CLI::App& app);
[[nodiscard]] Command run_command(CLI::App& app);
[[nodiscard]] Command check_command(CLI::App& app);
[[nodiscard]] Command conformance_command(CLI::App& app);
[[nodiscard]] Command rank_command(CLI::App& app);
[[nodiscard]] Command convert_command(CLI::App& app);
[[nodiscard]] Command trace_command(CLI::App& app);
[[nodiscard]] Command generate_command(CLI::App& app);
[[nodiscard]] Command latency_command(CLI::App& app);
[[nodiscard]] Command report_command(CLI::App& app);
[[nodiscard]] Command tune_command(CLI::App& app);
[[nodiscard]] Command wisdom_command(CLI::App& app);
[[nodiscard]] Command explain_command(CLI::App& app);

}  // namespace carousel::cli
