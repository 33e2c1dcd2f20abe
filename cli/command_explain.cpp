// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "model_facts.hpp"
#include "model_source.hpp"
#include "plan_option.hpp"
#include "table.hpp"
#include "tune_core.hpp"

#include "core/model/quote.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(Lists for each layer the ways to run it, the chosen one first: the time that the cost model predicts for
one run of --batch rows and --steps steps, the time that was measured (now, or when wisdom was made), and
why it was chosen, was not, or cannot be. A tiling is how a backend partitions the work, where it has
several ways; those that it does not choose by itself are listed if they were measured.

--measure times every candidate now, those too that are predicted to be hopeless, and shows these times
beside the predicted ones. The choice stays what --plan makes it, and wisdom as it is. Layers that only one
backend runs in one way are not timed.

Examples:
  carousel explain models/charlm.safetensors
  carousel explain --shape gru:40,64,100,16 --threads 4
  carousel explain --shape 128,128,100,1 --measure --seconds 0.2
  carousel explain vad.safetensors --steps 1 --plan measure --cross-check --json)";

struct ExplainArguments {
  ModelSource source;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::string backend;
  int threads = 1;
  PrecisionChoice precision{};
  Plan plan = Plan::estimate;
  PlanOptions planning = planning_with_warnings();
  bool measure = false;
  bool json = false;
};

/// A model and the batch and steps it is planned for.
struct Expected {
  Model model;
  PrepareOptions options;
};

Expected expected(const ExplainArguments& arguments) {
  constexpr std::uint64_t kSeed = 1;
  Expected result{.model = {},
                  .options = {.backend = arguments.backend,
                              .threads = arguments.threads,
                              .precision = arguments.precision.network,
                              .layer_precisions = arguments.precision.layers,
                              .plan = arguments.plan,
                              .planning = arguments.planning}};
  if (arguments.source.is_shape()) {
    const Shape shape = parse_shape(arguments.source.shape);
    result.model = random_model(shape, kSeed);
    result.options.batch = shape.batch;
    result.options.steps = shape.steps;
  } else {
    result.model = arguments.source.load();
  }
  if (arguments.batch > 0) result.options.batch = arguments.batch;
  if (arguments.steps > 0) result.options.steps = arguments.steps;
  return result;
}

/// What makes a layer slower than its size tells.
std::string note(const LayerSpec& layer) {
  const auto* spec = std::get_if<RecurrentSpec>(&layer);
  if (spec == nullptr) return "";
  std::string unusual;
  const auto add = [&](bool there, const char* what) {
    if (there) unusual += (unusual.empty() ? "" : ", ") + std::string(what);
  };
  add(!has_default_activations(*spec), "its activations");
  add(spec->peephole, "peepholes");
  add(spec->layer_norm, "layer normalization");
  add(spec->coupling != GateCoupling::none, "coupled gates");
  add(spec->clip > 0 || spec->cell_clip > 0, "clipping");
  return unusual.empty()
             ? ""
             : "unusual (" + unusual + "): run by general code, slower than the cost model thinks";
}

TableCell time_cell(double seconds) {
  if (seconds > 0) return {format_time(seconds), seconds};
  return {"-", nullptr};
}

const PlanCandidate* find(const LayerPlan& plan, const PlanCandidate& wanted) {
  const auto found = std::ranges::find_if(plan.candidates, [&](const PlanCandidate& candidate) {
    return candidate.backend == wanted.backend && candidate.threads == wanted.threads &&
           candidate.tiling == wanted.tiling;
  });
  return found == plan.candidates.end() ? nullptr : &*found;
}

/// Sets the times of all candidates of `plan` to what they take now.
void measure_all(std::vector<LayerPlan>& plan, const Expected& what) {
  PrepareOptions how = what.options;
  how.plan = Plan::measure;
  how.planning.slow_ones = true;
  how.planning.wisdom = "/dev/null";
  const std::vector<LayerPlan> measured = explain(what.model, how);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    for (PlanCandidate& candidate : plan[i].candidates) {
      const PlanCandidate* timed = find(measured[i], candidate);
      if (timed == nullptr || timed->measured_seconds == 0) continue;
      candidate.measured_seconds = timed->measured_seconds;
      candidate.spread = timed->spread;
    }
  }
}

Table candidate_table(const LayerPlan& layer) {
  Table table({{"", " "},
               {"backend", "backend", Align::left},
               {"threads", "threads"},
               {"tiling", "tiling", Align::left},
               {"runs", ""},
               {"predicted_seconds", "predicted"},
               {"measured_seconds", "measured"},
               {"spread", ""},
               {"verdict", "because", Align::left}});
  for (const PlanCandidate& candidate : layer.candidates) {
    const bool chosen = &candidate == &layer.candidates.front();
    table.add({{chosen ? "*" : "", chosen},
               candidate.backend,
               {candidate.runs ? std::to_string(candidate.threads) : "", candidate.threads},
               candidate.runs ? tiling_cell(candidate.tiling) : TableCell{"", candidate.tiling},
               {"", candidate.runs},
               time_cell(candidate.predicted_seconds),
               time_cell(candidate.measured_seconds),
               {"", candidate.spread},
               candidate.verdict});
  }
  return table;
}

void print(const LayerPlan& layer) {
  std::cout << "\nlayer " << escaped(layer.name) << ": " << describe(layer.spec)
            << precision_note(layer.precision) << "\n";
  if (!layer.fused_into.empty()) {
    std::cout << "applied by layer " << escaped(layer.fused_into) << " as it writes its outputs\n";
    return;
  }
  std::cout << choice_text(layer.backend, layer.threads)
            << (layer.tiling.empty() ? "" : ", " + layer.tiling) << ", by " << name(layer.source)
            << ": " << layer.reason << '\n';
  if (const std::string text = note(layer.spec); !text.empty()) std::cout << text << '\n';
  // Without arithmetic there is nothing to compare.
  if (flops_per_row(layer.spec) > 0) candidate_table(layer).print(std::cout);
}

void print(const std::vector<LayerPlan>& plan, const PrepareOptions& options) {
  std::cout << "planned for batch " << options.batch << ", " << options.steps << " steps, up to "
            << format_threads(options.threads) << " (--plan " << name(options.plan) << ")\n";
  for (const LayerPlan& layer : plan) print(layer);
}

Json to_json(const std::vector<LayerPlan>& plan, const PrepareOptions& options) {
  Json layers = Json::array();
  for (const LayerPlan& layer : plan) {
    layers.push_back({{"name", layer.name},
                      {"spec", describe(layer.spec)},
                      {"precision", name(layer.precision)},
                      {"backend", layer.backend},
                      {"threads", layer.threads},
                      {"tiling", layer.tiling},
                      {"source", name(layer.source)},
                      {"reason", layer.reason},
                      {"fused_into", layer.fused_into},
                      {"note", note(layer.spec)},
                      {"candidates", candidate_table(layer).json()}});
  }
  return {{"plan", name(options.plan)},
          {"batch", options.batch},
          {"steps", options.steps},
          {"threads", options.threads},
          {"layers", layers}};
}

int run(const ExplainArguments& arguments) {
  const Expected what = expected(arguments);
  std::vector<LayerPlan> plan = explain(what.model, what.options);
  if (arguments.measure) measure_all(plan, what);
  if (arguments.json) {
    print_json(to_json(plan, what.options));
  } else {
    print(plan, what.options);
  }
  return kOk;
}

void add_options(Parser& command, ExplainArguments& arguments) {
  add_model_options(command, arguments.source, true);
  command.add_option("--steps", arguments.steps, "expected steps of a run").positive();
  command.add_option("--batch", arguments.batch, "expected rows").positive();
  add_backend_option(command, arguments.backend);
  add_precision_options(command, arguments.precision);
  add_threads_option(command, arguments.threads);
  add_plan_option(command, arguments.plan);
  command.add_flag("--measure", arguments.measure,
                   "time every candidate, to compare with what is predicted");
  command
      .add_option("--seconds", arguments.planning.seconds_per_layer,
                  "time to spend measuring each layer")
      .show_default()
      .range(0.001, 3600.0);
  command.add_flag("--cross-check", arguments.planning.cross_check,
                   "take a backend only if it agrees with the scalar one");
  add_wisdom_option(command, arguments.planning.wisdom);
  add_json_option(command, arguments.json);
}

}  // namespace

Command explain_command(Parser& app) {
  Parser command = app.add_subcommand(
      "explain", "Which backend, threads and tiling each layer would get, and why");
  auto arguments = std::make_shared<ExplainArguments>();
  add_options(command, *arguments);
  command.footer(kFooter);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace carousel::cli
