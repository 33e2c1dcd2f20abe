// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "output_files.hpp"
#include "table.hpp"
#include "text_file.hpp"
#include "tune_core.hpp"

#include "core/model/quote.hpp"

#include <carousel/error.hpp>
#include <carousel/wisdom.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(Wisdom is what `carousel tune` and --plan measure learned: how long the ways to run a layer took on this
CPU. It is kept in $CAROUSEL_WISDOM, else in carousel/wisdom.json in $XDG_CACHE_HOME or ~/.cache.
CAROUSEL_WISDOM=/dev/null keeps none, and no other device or pipe can be the file. Import takes all of a file or nothing of it; entries of other CPUs
are kept, and used there. A file that is damaged, of another version or not wisdom is refused.

Examples:
  carousel wisdom show
  carousel wisdom export wisdom.json         to standard output without a name
  carousel wisdom import wisdom.json
  carousel wisdom forget)";

struct WisdomArguments {
  std::filesystem::path wisdom;
  std::string file;
  bool json = false;

  [[nodiscard]] std::filesystem::path path() const {
    return wisdom.empty() ? wisdom_path() : wisdom;
  }
};

const WisdomTime* fastest(const WisdomEntry& entry) {
  const WisdomTime* best = nullptr;
  for (const WisdomTime& time : entry.times) {
    if (time.seconds > 0 && (best == nullptr || time.seconds < best->seconds)) best = &time;
  }
  return best;
}

Table entry_table(const Wisdom& wisdom) {
  const std::string machine = wisdom_machine();
  Table table({{"layer", "layer", Align::left},
               {"batch", "batch"},
               {"steps", "steps"},
               {"threads", "threads"},
               {"fastest", "fastest", Align::left},
               {"tiling", "tiling", Align::left},
               {"seconds", "time/run"},
               {"measured", "measured"},
               {"here", "here", Align::left},
               {"machine", ""}});
  for (const WisdomEntry& entry : wisdom.entries) {
    const WisdomTime* best = fastest(entry);
    const auto timed =
        std::ranges::count_if(entry.times, [](const WisdomTime& time) { return time.seconds > 0; });
    const auto number = [](std::int64_t value) { return TableCell{std::to_string(value), value}; };
    const bool here = entry.machine == machine;
    table.add({describe(entry.layer), number(entry.batch), number(entry.steps),
               number(entry.threads),
               best == nullptr ? "-" : choice_text(best->backend, best->threads),
               tiling_cell(best == nullptr ? "" : best->tiling),
               best == nullptr ? TableCell{"-", nullptr}
                               : TableCell{format_time(best->seconds), best->seconds},
               number(timed), TableCell{here ? "yes" : "another CPU", here},
               TableCell{"", entry.machine}});
  }
  return table;
}

int show(const WisdomArguments& arguments) {
  const Wisdom wisdom = read_wisdom(arguments.path());
  const Table table = entry_table(wisdom);
  if (arguments.json) {
    print_json({{"file", arguments.path().string()},
                {"machine", wisdom_machine()},
                {"entries", table.json()}});
    return kOk;
  }
  std::cout << escaped(arguments.path().string()) << ": "
            << format_count(static_cast<std::int64_t>(wisdom.entries.size()))
            << (wisdom.entries.size() == 1 ? " entry\n" : " entries\n");
  if (!table.empty()) table.print(std::cout);
  return kOk;
}

int give(const WisdomArguments& arguments) {
  const Wisdom wisdom = read_wisdom(arguments.path());
  if (wisdom.entries.empty())
    throw Error(ErrorCode::invalid_argument, "there is no wisdom in " + arguments.path().string());
  if (arguments.file.empty()) {
    std::cout << format_wisdom(wisdom);
    return kOk;
  }
  // Not merged into what is there: the file becomes what the wisdom is now.
  write_file(arguments.file, format_wisdom(wisdom));
  return kOk;
}

int take(const WisdomArguments& arguments) {
  const Wisdom wisdom = parse_wisdom(read_text(arguments.file), arguments.file);
  if (keeps_no_wisdom(arguments.path())) {
    throw Error(
        ErrorCode::invalid_argument,
        "there is no file to take it into: " +
            (arguments.path().empty() ? "CAROUSEL_WISDOM, XDG_CACHE_HOME and HOME are not set"
                                      : arguments.path().string() + " keeps no wisdom"));
  }
  add_wisdom(arguments.path(), wisdom);
  std::cout << format_count(static_cast<std::int64_t>(wisdom.entries.size()))
            << (wisdom.entries.size() == 1 ? " entry" : " entries") << " taken into "
            << escaped(arguments.path().string()) << '\n';
  return kOk;
}

int forget(const WisdomArguments& arguments) {
  const bool existed = forget_wisdom(arguments.path());
  std::cout << escaped(arguments.path().string())
            << (existed ? ": removed\n" : ": there was none\n");
  return kOk;
}

}  // namespace

Command wisdom_command(Parser& app) {
  Parser command =
      app.add_subcommand("wisdom", "Show, move or forget what was measured on this machine");
  auto arguments = std::make_shared<WisdomArguments>();
  command.require_subcommand();
  Parser shows = command.add_subcommand("show", "what is known, and where it is kept");
  add_json_option(shows, arguments->json);
  Parser gives = command.add_subcommand("export", "write it to a file");
  gives.add_option("FILE", arguments->file, "not given: standard output");
  Parser takes = command.add_subcommand("import", "add what a file knows");
  takes.add_option("FILE", arguments->file, "made by `export`").required();
  Parser forgets = command.add_subcommand("forget", "remove all of it");
  for (Parser one : {shows, gives, takes, forgets}) one.take_options_of_parent();
  add_wisdom_option(command, arguments->wisdom);
  command.footer(kFooter);
  return {command, [arguments, shows, gives, takes] {
            if (shows.parsed()) return show(*arguments);
            if (gives.parsed()) return give(*arguments);
            if (takes.parsed()) return take(*arguments);
            return forget(*arguments);
          }};
}

}  // namespace carousel::cli
