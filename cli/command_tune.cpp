// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "model_facts.hpp"
#include "plan_option.hpp"
#include "progress.hpp"
#include "shapes_file.hpp"
#include "table.hpp"
#include "tune_core.hpp"
#include "workload.hpp"

#include "core/planning/planner.hpp"

#include <carousel/wisdom.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr std::int64_t kDefaultSteps = 64;
constexpr double kStableShare = 0.95;  // of the networks, for --repeat and --verify
constexpr double kMostLoss = 1.05;

constexpr const char* kFooter =
    R"(Times every backend with 1, 2, 4, ... up to --threads threads on each layer, taking turns, then the
tilings of the best two (ways to partition the work, where a backend has several), and keeps the times in the
wisdom file, which later runs choose by (--plan estimate, wisdom-only). Layers that wisdom knows already
are not measured unless --again is given. What is not for sure slower than the fastest by more than 3 %
counts as equally fast: fewer threads win, then the order of `carousel backends`, then the default tiling.

--shapes takes a table like bench/shapes.csv: name,input,hidden,layers,bidir,T,B.

--repeat and --verify show how far the choice can be relied on. They make N plans, each measured anew
(wisdom is left alone), count those with the same choices, and measure all candidates once more, four
times as long, to see what the first plan lost. Exit code 1 when less than 95 % of the networks get the
same plan every time, or less than 95 % are within 5 % of the best; also when times cannot be kept.

Examples:
  carousel tune models/charlm.safetensors --steps 1
  carousel tune --shape 128,128,100,1 --threads 4
  carousel tune --shapes bench/shapes.csv --repeat 20 --verify --seconds 0.1)";

struct TuneArguments {
  ModelSource source;
  std::string shapes;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  TuneOptions tune;
  bool json = false;
};

TuneWork from_shape(const std::string& name, const Shape& shape) {
  constexpr std::uint64_t kSeed = 1;
  return {.name = name,
          .model = [shape] { return random_model(shape, kSeed); },
          .batch = shape.batch,
          .steps = shape.steps};
}

std::vector<TuneWork> list_work(const TuneArguments& arguments) {
  std::vector<TuneWork> list;
  if (!arguments.shapes.empty()) {
    for (const NamedShape& line : read_shapes(arguments.shapes)) {
      list.push_back(from_shape(line.name, line.shape));
    }
  } else if (arguments.source.is_shape()) {
    list.push_back(from_shape(arguments.source.shape, parse_shape(arguments.source.shape)));
  } else {
    list.push_back({.name = arguments.source.file,
                    .model = [&arguments] { return arguments.source.load(); },
                    .steps = kDefaultSteps});
  }
  for (TuneWork& work : list) {
    if (arguments.steps > 0) work.steps = arguments.steps;
    if (arguments.batch > 0) work.batch = arguments.batch;
  }
  return list;
}

/// How far the runner-up is behind.
TableCell margin_cell(const LayerPlan& layer) {
  double next = 0;
  const double chosen = layer.candidates.front().measured_seconds;
  std::string name;
  for (const PlanCandidate& candidate : layer.candidates) {
    const double seconds = candidate.measured_seconds;
    if (&candidate == &layer.candidates.front() || seconds <= 0) continue;
    if (next > 0 && seconds >= next) continue;
    next = seconds;
    name = choice_text(candidate.backend, candidate.threads);
    const bool same = candidate.backend == layer.backend && candidate.threads == layer.threads;
    if (same) name = candidate.tiling;
  }
  if (next == 0 || chosen == 0) return {"-", nullptr};
  return {format_fixed(next / chosen, 2) + " × " + name, next / chosen};
}

Json candidates_json(const LayerPlan& layer) {
  Json list = Json::array();
  for (const PlanCandidate& candidate : layer.candidates) {
    list.push_back({{"backend", candidate.backend},
                    {"threads", candidate.threads},
                    {"tiling", candidate.tiling},
                    {"runs", candidate.runs},
                    {"predicted_seconds", candidate.predicted_seconds},
                    {"measured_seconds", candidate.measured_seconds},
                    {"spread", candidate.spread},
                    {"verdict", candidate.verdict}});
  }
  return list;
}

void add_rows(Table& table, const TuneResult& result, const TuneArguments& arguments) {
  const bool checked = arguments.tune.repeat > 1 || arguments.tune.verify;
  for (const LayerPlan& layer : result.plan) {
    const bool first = &layer == &result.plan.front();
    const double seconds = layer.candidates.front().measured_seconds;
    table.add(
        {{first ? result.name : "", result.name},
         {layer.name, layer.name},
         describe(layer.spec) + precision_note(layer.precision),
         {choice_text(layer.backend, layer.threads), layer.backend},
         {"", layer.threads},
         tiling_cell(layer.tiling),
         {seconds > 0 ? format_time(seconds) : "-", seconds},
         margin_cell(layer),
         {std::string(name(layer.source)), std::string(name(layer.source))},
         {first && checked
              ? std::to_string(result.same) + "/" + std::to_string(arguments.tune.repeat)
              : "",
          result.same},
         {first && result.verified > 0 ? format_fixed(result.verified, 3) : "", result.verified},
         {"", candidates_json(layer)}});
  }
}

Table result_table(const std::vector<TuneResult>& results, const TuneArguments& arguments) {
  Table table({{"network", "network", Align::left},
               {"layer", "layer", Align::left},
               {"spec", "what", Align::left},
               {"backend", "chosen", Align::left},
               {"threads", ""},
               {"tiling", "tiling", Align::left},
               {"seconds", "time/run"},
               {"next", "next best", Align::left},
               {"source", "source", Align::left},
               {"same", arguments.tune.repeat > 1 ? "same" : ""},
               {"loss", arguments.tune.verify ? "loss" : ""},
               {"candidates", ""}});
  for (const TuneResult& result : results) add_rows(table, result, arguments);
  return table;
}

struct Shares {
  double stable = 1;  ///< of the networks: got the same plan every time
  double good = 1;    ///< lost at most 5 %

  [[nodiscard]] bool ok() const { return stable >= kStableShare && good >= kStableShare; }
};

Shares shares(const std::vector<TuneResult>& results, const TuneOptions& options) {
  const auto part = [&](auto&& is_so) {
    return static_cast<double>(std::ranges::count_if(results, is_so)) /
           static_cast<double>(results.size());
  };
  return {.stable = part([&](const TuneResult& r) { return r.same == options.repeat; }),
          .good = part([](const TuneResult& r) { return r.verified <= kMostLoss; })};
}

void print_shares(const Shares& found, const TuneOptions& options) {
  if (options.repeat > 1) {
    std::cout << "the same plan " << options.repeat
              << " times in a row: " << format_fixed(100 * found.stable, 1)
              << " % of the networks\n";
  }
  if (options.verify) {
    std::cout << "within 5 % of the best measured afterwards: " << format_fixed(100 * found.good, 1)
              << " % of the networks\n";
  }
}

std::filesystem::path wisdom_file(const TuneArguments& arguments) {
  const std::filesystem::path& given = arguments.tune.planning.wisdom;
  return given.empty() ? wisdom_path() : given;
}

/// "kept in FILE"
std::string kept_text(const std::filesystem::path& file) {
  if (!keeps_no_wisdom(file)) return "kept in " + file.string();
  return file.empty() ? "not kept: there is no CAROUSEL_WISDOM, XDG_CACHE_HOME or HOME"
                      : "not kept, as " + file.string() + " says";
}

int run(TuneArguments arguments) {
  const std::vector<TuneWork> list = list_work(arguments);
  if (list.empty()) throw Error(ErrorCode::bad_format, arguments.shapes + ": has no shapes");
  for (const TuneWork& work : list) {
    if (work.steps * work.batch > 0) continue;
    throw Error(ErrorCode::invalid_argument,
                "tune: nothing to time in " + work.name + ": no steps or no rows");
  }
  Progress progress("measuring");
  std::size_t index = 0;
  const bool to_be_kept = arguments.tune.repeat == 1 && !arguments.tune.verify;
  bool kept = to_be_kept;
  arguments.tune.planning.report = [&](const std::string& text) {
    if (text.starts_with(planning::kNotKept)) kept = false;
    progress.clear();
    warn(text);
  };
  std::vector<TuneResult> results;
  for (; index < list.size(); ++index) {
    arguments.tune.planning.progress = [&](const PlanProgress& now) {
      progress.update((static_cast<double>(index) + now.done) / static_cast<double>(list.size()));
    };
    results.push_back(tune(list[index], arguments.tune));
  }
  progress.clear();
  const Table table = result_table(results, arguments);
  const Shares found = shares(results, arguments.tune);
  if (arguments.json) {
    print_json({{"threads", arguments.tune.threads},
                {"wisdom", wisdom_file(arguments).string()},
                {"stable_share", found.stable},
                {"within_5_percent_share", found.good},
                {"layers", table.json()}});
  } else {
    table.print(std::cout);
    std::cout << '\n';
    print_shares(found, arguments.tune);
    if (kept) std::cout << kept_text(wisdom_file(arguments)) << '\n';
  }
  return found.ok() && kept == to_be_kept ? kOk : kCheckFailed;
}

void add_options(Parser& command, TuneArguments& arguments) {
  add_model_options(command, arguments.source, true);
  command.add_option("--shapes", arguments.shapes, "instead of MODEL: a table of shapes (.csv)")
      .type_name("FILE")
      .excludes("MODEL")
      .excludes("--shape");
  command.require("MODEL, --shape or --shapes", [&arguments] {
    return !arguments.source.file.empty() || arguments.source.is_shape() ||
           !arguments.shapes.empty();
  });
  command.add_option("--steps", arguments.steps, "expected steps of a run").positive();
  command.add_option("--batch", arguments.batch, "expected rows").positive();
  add_threads_option(command, arguments.tune.threads);
  command
      .add_option("--backend", arguments.tune.backend,
                  "only these: a family or an id (default: all); with commas\n"
                  "between, of those the first that can run a layer")
      .not_empty();
  add_precision_options(command, arguments.tune.precision);
  command
      .add_option("--seconds", arguments.tune.planning.seconds_per_layer,
                  "time to spend on each kind of layer")
      .show_default()
      .range(0.001, 3600.0);
  command.add_flag("--again", arguments.tune.planning.again, "measure what wisdom knows, too");
  add_wisdom_option(command, arguments.tune.planning.wisdom);
  command.add_option("--repeat", arguments.tune.repeat, "plan so many times and compare")
      .show_default()
      .range(1, 1000);
  command.add_flag("--verify", arguments.tune.verify, "measure again what was chosen");
  add_json_option(command, arguments.json);
}

}  // namespace

Command tune_command(Parser& app) {
  Parser command = app.add_subcommand("tune", "Measure what runs each layer best, and remember it");
  auto arguments = std::make_shared<TuneArguments>();
  add_options(command, *arguments);
  command.footer(kFooter);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace carousel::cli
