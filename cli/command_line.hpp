// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
class Option;
}  // namespace CLI

/// CLI11 does the work. Only command_line.cpp sees its headers, which take longer to compile than
/// all that a command does with them.
namespace carousel::cli {

/// An option while it is set up: `command.add_option(...).required().type_name("FILE")`.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  Option& required();
  Option& excludes(const Option& other);
  Option& excludes(const char* other);
  Option& separated_by_commas();  ///< one argument holds several values
  Option& positive();             ///< and at most 2^32: a number of steps or rows
  Option& not_empty();
  /// For T = int, std::int64_t, std::uint64_t and double; NaN is in no range.
  template <class T>
  Option& range(T least, T most);

  // What --help says of it.
  Option& show_default();
  Option& type_name(const char* name);
  Option& description(const char* text);
  Option& group(const char* heading);

 private:
  CLI::Option* option_;
};

/// A command's part of the command line. Values that options are read into have to outlive it.
class Parser {
 public:
  explicit Parser(CLI::App& app) : app_(&app) {}

  Parser add_subcommand(const char* name, const char* description);
  void require_subcommand();
  /// Options of the command that this one belongs to may stand after its name, too.
  void take_options_of_parent();
  void footer(const char* text);
  /// A positional argument if the name has no dashes. For T = std::string, int, std::int64_t,
  /// std::uint64_t, double and std::vector of std::string. An empty text is refused, since it is
  /// what a shell makes of a variable that is not set; so is a negative number for an unsigned T.
  template <class T>
  Option add_option(const char* name, T& value, const char* help);
  Option add_flag(const char* name, bool& value, const char* help);
  /// Calls `take` with the option's value, at the same place among the other options.
  Option add_function(const char* name, std::function<void(const std::string&)> take,
                      const char* help);
  /// The same, for each time that the option is given.
  Option add_repeatable(const char* name, std::function<void(const std::string&)> take,
                        const char* help);
  /// One of some words. For T = Plan.
  template <class T>
  Option add_choice(const char* name, T& value, std::vector<std::pair<std::string, T>> choices,
                    const char* help);
  /// Refuses a command line after which `given` is false: "check needs `what`, which is required".
  void require(const char* what, std::function<bool()> given);

  [[nodiscard]] std::string name() const;
  [[nodiscard]] bool has_option(const char* name) const;
  [[nodiscard]] Option option(const char* name) const;  ///< which there must be
  [[nodiscard]] bool parsed() const;                    ///< whether it is this command that runs

 private:
  CLI::App* app_;
};

/// The command line of a whole program.
class CommandLine {
 public:
  CommandLine(const char* program, const char* description, const char* version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  [[nodiscard]] Parser parser() { return Parser(*app_); }
  /// The exit code if that is all: after --help, --version and mistakes, which it reports.
  [[nodiscard]] std::optional<int> parse(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

/// Throws Error unless all that was printed has been written.
void flush_output();

/// What `run_program` is to say beside "out of memory" from now on: the sizes of what is worked on.
void note_sizes(std::string text);

/// What main() returns: the exit code of `run`, or, after telling what it threw, that of bad input.
[[nodiscard]] int run_program(const char* program, const std::function<int()>& run);

}  // namespace carousel::cli
