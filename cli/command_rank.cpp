// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "output_files.hpp"
#include "progress.hpp"
#include "rank_core.hpp"
#include "rank_layers.hpp"
#include "rank_layers_table.hpp"
#include "report/rank_page.hpp"
#include "roofline_json.hpp"
#include "standard_streams.hpp"
#include "table.hpp"

#include <carousel/backend.hpp>

#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr std::int64_t kDefaultSteps = 256;
constexpr int kBarWidth = 16;

constexpr const char* kFooter =
    R"(Backends take turns, for about --seconds in all; medians and half the distance between the quartiles
are shown. GFLOP/s count the matrix operations, 2 per weight, step and row. "roofline" is the share of
what this machine could do, from its rate of float32 multiply-adds and the rates at which it reads
just as many bytes as the weights have:

  least time = sum over layers and directions of
    T * max(B * F_hh / peak, W_hh / bandwidth(W_hh)) + max(T * B * F_ih / peak, W_ih / bandwidth(W_ih))

with T steps, B rows, F_hh and F_ih the operations of the recurrent and the input matrices, W_hh and
W_ih the bytes of their weights, read once per step and once per run. N threads multiply the peak and
divide the bytes. These rates take turns with the backends and are medians like the times: what a
shared machine reaches at its best for a moment ("at best") nothing can reach all the time. Reads go
round and round, so their rate is that of the cache which holds all of the weights; xsimd walks them
to and fro, and may take more than 100 % where they are little larger than a cache.

With --layers, half of the time goes into timing each layer amid the others: time per step, and share of
the whole. Between the layers the engine checks arguments and points layers to their sequences. What a
layer does beside the work of each step, a network that is called for single steps does each time: give
--steps 1 for that.

A backend that refuses a layer of the network is not timed, unless --backend says who runs such layers
in its place: with --backend textbook,auto a plug-in that has no dense layers is timed on a network with
a head, and so is everybody with --backend all,auto. The table then says "textbook,auto".

With --precision all, or several of them with commas between, each backend is timed in each precision, with
the bytes of its packed weights and what the precision costs: the ratio of signal and noise (SQNR) of the
outputs against the float64 oracle. The roofline counts the bytes of float32 weights. The page of --html plots
time against that error.

Examples:
  carousel rank models/charlm.safetensors --text models/heldout.txt
  carousel rank silero.onnx --set sr=16000 --input-shape input=1,576 --steps 1 --layers
  carousel rank rnnoise.safetensors --steps 1 --layers --html rank.html
  carousel rank model.onnx --plugin ./libcarousel_backend_textbook.so --backend all,auto
  carousel rank --shape 128,128,100,1
  carousel rank --shape gru:128,128,100,1
  carousel rank models/charlm.safetensors --text models/heldout.txt --precision all --html rank.html
  carousel rank --shape 80,320,200,16,2,1 --threads 2 --seconds 20 --json

Exit code 1 when a backend does not agree with the float64 oracle; such a backend cannot win.)";

struct RankArguments {
  WorkloadOptions work;
  RankOptions rank;
  std::string backend;
  std::string html;
  bool layers = false;
  bool json = false;
};

/// What was measured, ready to print.
struct Outcome {
  Workload work;
  RankReport report;
  LayersReport layers;  // empty if they were not asked for
};

std::string spread_text(const RankResult& result) {
  if (result.scaled) return "scaled";
  return result.samples < 3 ? "-"
                            : "± " + format_percent(result.time.half_width / result.time.median);
}

void add_row(Table& table, const Outcome& outcome, const RankResult& result, bool wins) {
  const TableCell none{"-", nullptr};
  if (!result.ran()) {
    table.add({{"", false},
               result.name,
               std::string(name(result.precision)),
               none,
               none,
               none,
               none,
               none,
               none,
               none,
               none,
               {"cannot run it", "refused"},
               none,
               {"", result.samples},
               {"", false},
               result.refusal});
    return;
  }
  const double seconds = result.time.median;
  const double flops = outcome.work.model.flops_per_row() *
                       static_cast<double>(outcome.work.steps * outcome.work.batch) / seconds;
  const double steps = static_cast<double>(outcome.work.steps) / seconds;
  const double share = outcome.report.least_seconds / seconds;
  const double relative = outcome.report.results.front().time.median / seconds;
  table.add({{wins ? "*" : "", wins},
             result.name,
             std::string(name(result.precision)),
             {format_time(seconds), seconds},
             {spread_text(result), result.time.half_width},
             {format_rate(steps), steps},
             {format_fixed(flops / 1e9, 1), flops / 1e9},
             {format_percent(share), share},
             {format_bytes(static_cast<double>(result.memory_bytes)), result.memory_bytes},
             {format_fixed(result.sqnr_db, 1) + " dB", result.sqnr_db},
             {format_error(result.agreement.max_abs), result.agreement.max_abs},
             {result.agreement.ok ? "ok" : "WRONG", result.agreement.ok ? "ok" : "failed"},
             {format_bar(relative, kBarWidth), relative},
             {"", result.samples},
             {"", result.scaled},
             {"", nullptr}});
}

Table rank_table(const Outcome& outcome, bool bars, bool precisions) {
  Table table({{"winner", " "},
               {"backend", "backend", Align::left},
               {"precision", precisions ? "precision" : "", Align::left},
               {"seconds", "time/run"},
               {"half_width", "spread"},
               {"steps_per_second", "steps"},
               {"gflops", "GFLOP/s"},
               {"roofline", "roofline"},
               {"memory_bytes", precisions ? "memory" : ""},
               {"sqnr_db", precisions ? "SQNR" : ""},
               {"max_abs_error", "max error"},
               {"agreement", "oracle", Align::left},
               {"relative_speed", bars ? "speed" : "", Align::left},
               {"samples", ""},
               {"scaled", ""},
               {"refusal", ""}});
  const RankResult* winner = outcome.report.winner();
  for (const RankResult& result : outcome.report.results) {
    add_row(table, outcome, result, &result == winner);
  }
  return table;
}

std::string roofline_text(const Roofline& roofline) {
  std::string text = format_fixed(roofline.flops_per_second / 1e9, 0) + " GFLOP/s (" +
                     roofline.isa + "; at best " + format_fixed(roofline.peak_best / 1e9, 0) + ")";
  for (const ReadRate& rate : roofline.reads) {
    text += ", " + format_bytes(static_cast<double>(rate.bytes)) + " at " +
            format_fixed(rate.bytes_per_second / 1e9, 0) + " GB/s";
  }
  return text;
}

Json roofline_json(const RankReport& report) {
  return {{"isa", report.roofline.isa},
          {"flops_per_second", report.roofline.flops_per_second},
          {"peak_best", report.roofline.peak_best},
          {"reads", reads_json(report.roofline)},
          {"least_seconds", report.least_seconds}};
}

void print_winner(const RankReport& report) {
  const RankResult* winner = report.winner();
  if (winner == nullptr) return;
  std::cout << "\n* " << winner->label() << " is the fastest";
  for (const RankResult& other : report.results) {
    if (&other == winner || !other.ran() || !other.agreement.ok) continue;
    const double factor = other.time.median / winner->time.median;
    const double noise = winner->time.half_width + other.time.half_width;
    if (other.time.median - winner->time.median <= noise) {
      std::cout << ", though within the noise of " << other.label();
    } else {
      std::cout << ", " << format_fixed(factor, 2) << " times as fast as " << other.label();
    }
    break;
  }
  std::cout << ".\n";
}

void print_text(const Outcome& outcome, const RankArguments& arguments) {
  const RankReport& report = outcome.report;
  std::cout << "ranking   " << outcome.work.title() << ", "
            << format_threads(arguments.rank.threads) << "\ninput     " << outcome.work.data
            << "\nroofline  " << roofline_text(report.roofline) << ", per core\n          at least "
            << format_time(report.least_seconds) << " for one run of this\n\n";
  const bool precisions = arguments.rank.precisions != RankOptions().precisions ||
                          !arguments.rank.layer_precisions.empty();
  rank_table(outcome, output_is_terminal(), precisions).print(std::cout);
  print_winner(report);
  if (!outcome.layers.layers.empty()) {
    std::cout << "\nTime per step, layer by layer:\n\n";
    layers_table(outcome.layers, true).print(std::cout);
    std::cout << '\n';
  }
  std::cout << "max error: against the float64 oracle with the stored weights, on "
            << report.checked_steps << " steps × " << report.checked_rows
            << (report.checked_rows == 1 ? " row.\n" : " rows.\n");
  for (const RankResult& result : report.results) {
    if (result.scaled)
      std::cout << result.label()
                << ": too slow for --seconds; timed on the first steps and scaled.\n";
    if (!result.ran()) std::cout << result.label() << " cannot run it: " << result.refusal << '\n';
    if (!result.agreement.ok) {
      std::cout << result.label() << " is WRONG; `carousel check` shows where it starts.\n";
    }
  }
}

void print_outcome_json(const Outcome& outcome, const RankArguments& arguments) {
  const RankResult* winner = outcome.report.winner();
  Json json({{"work", outcome.work.title()},
             {"input", outcome.work.data},
             {"steps", outcome.work.steps},
             {"batch", outcome.work.batch},
             {"threads", arguments.rank.threads},
             {"seed", arguments.work.seed},
             {"flops", outcome.work.model.flops_per_row() *
                           static_cast<double>(outcome.work.steps * outcome.work.batch)},
             {"roofline", roofline_json(outcome.report)},
             {"checked_steps", outcome.report.checked_steps},
             {"checked_rows", outcome.report.checked_rows},
             {"winner", winner == nullptr ? Json(nullptr) : Json(winner->label())},
             {"results", rank_table(outcome, false, true).json()}});
  if (arguments.layers) json["layers"] = layers_table(outcome.layers, false).json();
  print_json(json);
}

/// The backends to time, before the first comma of the option.
std::vector<std::string> backend_names(const std::string& option) {
  std::vector<std::string> names;
  const std::string first = all_unless(option.substr(0, option.find(',')));
  for (const Backend* backend : select_backends(first)) names.push_back(backend->id());
  return names;
}

/// What follows the first comma of the option: who runs the layers that a backend refuses.
std::string other_backends(const std::string& option) {
  const std::size_t comma = option.find(',');
  if (comma == std::string::npos) return "";
  std::string others = option.substr(comma + 1);
  (void)select_backends(others);  // before anything takes time
  return others;
}

Outcome measure(const RankArguments& arguments, const std::vector<std::string>& names) {
  Outcome outcome;
  RankOptions options = arguments.rank;
  options.others = other_backends(arguments.backend);
  outcome.work = make_workload(arguments.work, kDefaultSteps);
  if (outcome.work.steps * outcome.work.batch == 0)
    throw Error(ErrorCode::invalid_argument, "rank: nothing to time: no steps or no rows");
  const double part = arguments.layers ? 0.5 : 1.0;
  options.seconds *= part;
  Progress progress("measuring");
  outcome.report =
      rank(outcome.work, names, options, [&](double done) { progress.update(part * done); });
  if (!outcome.report.results.front().ran()) {
    progress.clear();
    throw Error(ErrorCode::unsupported,
                "no backend can run it: " + outcome.report.results.front().refusal);
  }
  if (arguments.layers) {
    outcome.layers = rank_layers(outcome.work, outcome.report, options,
                                 [&](double done) { progress.update(part + (1 - part) * done); });
  }
  progress.clear();
  return outcome;
}

int run(const RankArguments& arguments) {
  const Outcome outcome = measure(arguments, backend_names(arguments.backend));
  if (!arguments.html.empty()) {
    write_file(arguments.html,
               rank_page(outcome.work, arguments.rank.threads, outcome.report, outcome.layers));
    std::cerr << "carousel: " << arguments.html << '\n';
  }
  if (arguments.json) {
    print_outcome_json(outcome, arguments);
  } else {
    print_text(outcome, arguments);
  }
  return outcome.report.all_agree() ? kOk : kCheckFailed;
}

}  // namespace

Command rank_command(Parser& app) {
  Parser command = app.add_subcommand("rank", "Time every backend on a network and say which wins");
  auto arguments = std::make_shared<RankArguments>();
  add_workload_options(command, arguments->work);
  add_threads_option(command, arguments->rank.threads);
  command.add_option("--seconds", arguments->rank.seconds, "time to spend measuring")
      .show_default()
      .range(0.01, 3600.0);
  command
      .add_option("--backend", arguments->backend,
                  "only these: a family or an id (default: all); after a comma, who\n"
                  "runs the layers that one of them refuses: NAME,auto")
      .not_empty();
  add_precisions_option(command, arguments->rank.precisions);
  add_layer_precision_option(command, arguments->rank.layer_precisions);
  command.add_flag("--layers", arguments->layers, "also show the time of each layer");
  command.add_option("--html", arguments->html, "write a page of it all, too").type_name("FILE");
  add_json_option(command, arguments->json);
  command.footer(kFooter);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace carousel::cli
