// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include "commands.hpp"
#include "standard_streams.hpp"

#include "core/model/own_errors.hpp"

#include <CLI/CLI.hpp>
#include <carousel/error.hpp>
#include <carousel/plan.hpp>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <new>
#include <type_traits>

namespace carousel::cli {
namespace {

/// The first one, whose value may have been taken for something else.
std::optional<std::string> unknown_option(const std::vector<CLI::App*>& chosen) {
  for (const CLI::App* command : chosen) {
    for (const std::string& word : command->remaining()) {
      if (word.starts_with("--")) return word;
    }
  }
  return std::nullopt;
}

std::string usage_error(const CLI::App* app, const CLI::Error& error) {
  const auto chosen = app->get_subcommands();
  const auto rest = app->remaining();
  std::string text = error.what();
  if (chosen.empty() && !rest.empty()) text = "there is no command '" + rest.front() + "'";
  if (const auto option = unknown_option(chosen)) text = "there is no option '" + *option + "'";
  const std::string command = chosen.empty() ? "" : chosen.front()->get_name() + " ";
  return app->get_name() + ": error: " + text + "\nTry '" + app->get_name() + " " + command +
         "--help'.\n";
}

/// A validator from a function that says what is wrong with a text; empty: nothing is.
CLI::Validator validator(std::string (*fault)(const std::string& text), const char* name) {
  return {[fault](const std::string& text) { return fault(text); }, name};
}

// Whether the text of a real number or a count is one at all is found out elsewhere.

/// Not CLI::PositiveNumber, which tells people a range that ends at the largest double, in full.
std::string fault_of_count(const std::string& text) {
  constexpr double kMost = 4294967296;  // steps and rows of a stream
  const double value = std::strtod(text.c_str(), nullptr);
  if (!(value > 0)) return "Value " + text + " is not positive";
  return value <= kMost ? "" : "Value " + text + " is more than 2^32";
}

/// CLI::Range lets NaN pass.
std::string fault_of_real(const std::string& text) {
  return std::isnan(std::strtod(text.c_str(), nullptr)) ? "Value " + text + " is not a number" : "";
}

std::string fault_of_name(const std::string& text) { return text.empty() ? "is empty" : ""; }

/// CLI11 would say that it could not convert the text; and it takes -1 for the largest number of an
/// unsigned type, and so all that are larger.
template <class Whole>
std::string fault_of_whole_number(const std::string& text) {
  constexpr bool kSigned = std::is_signed_v<Whole>;
  char* end = nullptr;
  errno = 0;
  if constexpr (kSigned) {
    (void)std::strtoll(text.c_str(), &end, 0);
  } else {
    (void)std::strtoull(text.c_str(), &end, 0);
  }
  const std::string value = "Value " + text;
  if (text.empty() || *end != '\0') return value + " is not a whole number";
  if (!kSigned && text[text.find_first_not_of(" \t")] == '-') return value + " is negative";
  if (errno != ERANGE) return "";
  return value + (kSigned ? " is beyond 2^63" : " is more than 2^64 - 1");
}

std::string& noted_sizes() {
  static std::string sizes;
  return sizes;
}

/// Without what a terminal would obey, such as the names of files may contain.
std::string printable(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7F; }, '?');
  return text;
}

/// What values of a type may never be.
template <class T>
void add_check_of_type(CLI::Option& option) {
  if constexpr (std::is_integral_v<T>) option.check(validator(fault_of_whole_number<T>, ""));
  if constexpr (!std::is_arithmetic_v<T>) option.check(validator(fault_of_name, ""));
}

}  // namespace

// --- Option --------------------------------------------------------------------------------------

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::excludes(const Option& other) {
  option_->excludes(other.option_);
  return *this;
}

Option& Option::excludes(const char* other) {
  option_->excludes(other);
  return *this;
}

Option& Option::separated_by_commas() {
  option_->delimiter(',');
  return *this;
}

Option& Option::positive() {
  option_->check(validator(fault_of_count, "POSITIVE"));
  return *this;
}

Option& Option::not_empty() {
  option_->check(validator(fault_of_name, ""));
  return *this;
}

template <class T>
Option& Option::range(T least, T most) {
  if constexpr (std::is_floating_point_v<T>) option_->check(validator(fault_of_real, ""));
  option_->check(CLI::Range(least, most));
  return *this;
}

template Option& Option::range(int least, int most);
template Option& Option::range(std::int64_t least, std::int64_t most);
template Option& Option::range(std::uint64_t least, std::uint64_t most);
template Option& Option::range(double least, double most);

Option& Option::show_default() {
  option_->capture_default_str();
  return *this;
}

Option& Option::type_name(const char* name) {
  option_->type_name(name);
  return *this;
}

Option& Option::description(const char* text) {
  option_->description(text);
  return *this;
}

Option& Option::group(const char* heading) {
  option_->group(heading);
  return *this;
}

// --- Parser --------------------------------------------------------------------------------------

Parser Parser::add_subcommand(const char* name, const char* description) {
  return Parser(*app_->add_subcommand(name, description));
}

void Parser::take_options_of_parent() { app_->fallthrough(); }

void Parser::require_subcommand() { app_->require_subcommand(1); }

void Parser::footer(const char* text) { app_->footer(text); }

template <class T>
Option Parser::add_option(const char* name, T& value, const char* help) {
  CLI::Option* option = app_->add_option(name, value, help);
  add_check_of_type<T>(*option);
  return Option(*option);
}

template Option Parser::add_option(const char*, std::string&, const char*);
template Option Parser::add_option(const char*, int&, const char*);
template Option Parser::add_option(const char*, std::int64_t&, const char*);
template Option Parser::add_option(const char*, std::uint64_t&, const char*);
template Option Parser::add_option(const char*, double&, const char*);
template Option Parser::add_option(const char*, std::vector<std::string>&, const char*);

Option Parser::add_flag(const char* name, bool& value, const char* help) {
  return Option(*app_->add_flag(name, value, help));
}

Option Parser::add_function(const char* name, std::function<void(const std::string&)> take,
                            const char* help) {
  return Option(*app_->add_option_function<std::string>(name, std::move(take), help));
}

Option Parser::add_repeatable(const char* name, std::function<void(const std::string&)> take,
                              const char* help) {
  const auto take_all = [take = std::move(take)](const std::vector<std::string>& values) {
    for (const std::string& value : values) take(value);
  };
  return Option(*app_->add_option_function<std::vector<std::string>>(name, take_all, help)
                     ->allow_extra_args(false));
}

template <class T>
Option Parser::add_choice(const char* name, T& value,
                          std::vector<std::pair<std::string, T>> choices, const char* help) {
  const auto take = [name, &value, choices = std::move(choices)](const std::string& word) {
    std::string words;
    for (const auto& [each, meaning] : choices) {
      if (each == word) {
        value = meaning;
        return;
      }
      words += (words.empty() ? "" : ", ") + each;
    }
    throw CLI::ValidationError(name, "'" + word + "' is none of " + words);
  };
  return add_function(name, take, help);
}

template Option Parser::add_choice(const char*, Plan&, std::vector<std::pair<std::string, Plan>>,
                                   const char*);

void Parser::require(const char* what, std::function<bool()> given) {
  app_->final_callback([app = app_, what, given = std::move(given)] {
    if (!given()) throw CLI::RequiredError(app->get_name() + " needs " + what + ", which");
  });
}

std::string Parser::name() const { return app_->get_name(); }

bool Parser::has_option(const char* name) const {
  return app_->get_option_no_throw(name) != nullptr;
}

Option Parser::option(const char* name) const { return Option(*app_->get_option(name)); }

bool Parser::parsed() const { return app_->parsed(); }

// --- CommandLine ---------------------------------------------------------------------------------

CommandLine::CommandLine(const char* program, const char* description, const char* version)
    : app_(std::make_unique<CLI::App>(description, program)) {
  app_->set_version_flag("--version", std::string(program) + " " + version);
  app_->failure_message(usage_error);
}

CommandLine::~CommandLine() = default;

std::optional<int> CommandLine::parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? kOk : kBadInput;
  }
}

void flush_output() {
  std::cout.flush();
  if (!std::cout) throw Error(ErrorCode::file_access, "cannot write to standard output");
}

void note_sizes(std::string text) { noted_sizes() = std::move(text); }

int run_program(const char* program, const std::function<int()>& run) {
  const auto fail = [program](const std::string& text) {
    std::cerr << program << ": error: " << printable(text) << '\n';
    return kBadInput;
  };
  occupy_standard_streams();
  survive_limit_of_file_sizes();
  try {
    return run();
  } catch (const std::bad_alloc&) {
    return fail("out of memory" + (noted_sizes().empty() ? "" : ": " + noted_sizes()));
  } catch (...) {
    return fail(handled_text());
  }
}

}  // namespace carousel::cli
