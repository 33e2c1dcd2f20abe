// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "core/engine/layer_precisions.hpp"
#include "format.hpp"
#include "oracle_reference.hpp"
#include "precision_loss_text.hpp"
#include "progress.hpp"
#include "table.hpp"

#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr std::int64_t kDefaultSteps = 256;

constexpr const char* kFooter =
    R"(Each backend runs the whole network; outputs and final states are compared, element by element, with
a float64 oracle whose tolerance follows from the number of roundings on the way (share: the largest
error as a part of its tolerance), then with each other. Where one disagrees, single layers and steps
are run from the oracle's own state to find the first quantity that is wrong. Without data of your own
the input is random; at most 256 steps are taken unless --steps says otherwise. A network that blows up
on such input, so that roundings alone change most outputs by as much as they are, needs data of its own:
agreement proves nothing then, and the check fails.

With --precision, the oracle computes with the numbers that are stored, so that the arithmetic is judged as
strictly as in float32. What the precision costs is shown apart: the differences of the outputs of recurrent
layers and of the network from those in float32, as the largest one and as a ratio of signal and noise (SQNR),
and of a network that predicts symbols, the change of its bits per symbol.

Examples:
  carousel check models/charlm.safetensors --text models/heldout.txt
  carousel check --shape 40,33,20,3,2,1 --backend xsimd     (2 layers, both directions)
  carousel check vad.safetensors --input features.npy --json
  carousel check models/charlm.safetensors --text models/heldout.txt --steps 4095 --precision float16
  carousel check two.onnx --in audio=a.npy --in text=t.npy

Exit code 1 when anything disagrees, or nothing is proved.)";

struct CheckOptions {
  WorkloadOptions work;
  std::string backend;
  PrecisionChoice precision{};
  bool json = false;
};

std::string format_ulps(double value) {
  return value < 9999.5 ? format_fixed(value, value < 9.95 ? 1 : 0) : format_error(value);
}

TableCell error_cell(double value) { return {format_error(value), value}; }

Table result_table(const CrossCheckReport& report) {
  Table table({{"", "#"},
               {"backend", "backend", Align::left},
               {"max_abs", "max abs error"},
               {"max_ulp", "max ULP"},
               {"nmse", "NMSE"},
               {"share", "share of tolerance"},
               {"verdict", "verdict", Align::left},
               {"refusal", "", Align::left}});
  std::size_t number = 0;
  for (const CheckedBackend& result : report.backends) {
    const Agreement& agreement = result.agreement;
    const TableCell position{std::to_string(++number), number};
    if (!result.ran()) {
      const TableCell none{"-", nullptr};
      table.add({position, result.id, none, none, none, none,
                 result.refusal.empty() ? TableCell{"FAILED", "failed"}
                                        : TableCell{"cannot run it", "refused"},
                 result.refusal + result.failure});
      continue;
    }
    table.add({position,
               result.id,
               error_cell(agreement.max_abs),
               {format_ulps(agreement.max_ulp), agreement.max_ulp},
               error_cell(agreement.nmse),
               {format_percent(agreement.max_share), agreement.max_share},
               {agreement.ok ? "ok" : "FAILED", agreement.ok ? "ok" : "failed"},
               {"", nullptr}});
  }
  return table;
}

/// Largest differences between every two, as a triangle whose columns are the numbers of the rows.
Table pair_triangle(const CrossCheckReport& report) {
  std::vector<Column> columns{{"", "#"}, {"", "max abs difference", Align::left}};
  for (std::size_t n = 0; n + 1 < report.backends.size(); ++n) {
    columns.push_back({"", std::to_string(n + 1)});
  }
  Table table(columns);
  for (std::size_t b = 1; b < report.backends.size(); ++b) {
    std::vector<TableCell> row{std::to_string(b + 1), report.backends[b].id};
    for (std::size_t a = 0; a + 1 < report.backends.size(); ++a) {
      std::string text = a < b ? "-" : "";
      for (const CheckedPair& pair : report.pairs) {
        if (pair.first != a || pair.second != b) continue;
        text = format_error(pair.agreement.max_abs) + (pair.agreement.ok ? "" : "!");
      }
      row.emplace_back(text);
    }
    table.add(std::move(row));
  }
  return table;
}

Json pairs_json(const CrossCheckReport& report) {
  Json pairs = Json::array();
  for (const CheckedPair& pair : report.pairs) {
    pairs.push_back({{"first", report.backends[pair.first].id},
                     {"second", report.backends[pair.second].id},
                     {"max_abs", pair.agreement.max_abs},
                     {"max_ulp", pair.agreement.max_ulp},
                     {"nmse", pair.agreement.nmse},
                     {"share", pair.agreement.max_share},
                     {"same_bits", pair.same_bits},
                     {"verdict", pair.agreement.ok ? "ok" : "failed"}});
  }
  return pairs;
}

Json divergence_json(const CrossCheckReport& report) {
  Json list = Json::array();
  for (const CheckedBackend& result : report.backends) {
    if (!result.divergence) continue;
    const Divergence& at = *result.divergence;
    list.push_back({{"backend", result.id},
                    {"layer", at.layer},
                    {"layer_name", at.layer_name},
                    {"step", at.step},
                    {"row", at.row},
                    {"unit", at.unit},
                    {"direction", name(at.direction)},
                    {"quantity", at.quantity},
                    {"found", at.found},
                    {"expected", at.expected},
                    {"tolerance", at.tolerance}});
  }
  return list;
}

void print_divergences(const CrossCheckReport& report) {
  const std::string text = describe(report);
  if (!text.empty()) std::cout << '\n' << text;
}

std::string verdict(const CrossCheckReport& report) {
  if (report.ok()) return "All agree.";
  if (!report.proves_nothing()) return "FAILED: see above.";
  return "FAILED: this proves nothing of " + format_percent(report.void_share) +
         " of the outputs. Give data of your own: --input, --in or --text.";
}

void print_text(const Workload& work, const CrossCheckReport& report, std::uint64_t seed,
                const std::optional<PrecisionLoss>& loss) {
  std::cout << "checking  " << work.title() << ", seed " << seed << "\ninput     " << work.data
            << "\nagainst   the float64 oracle\n\n";
  result_table(report).print(std::cout);
  if (report.ran() > 1) {
    std::cout << "\nEach against each (0: the same bits)\n";
    pair_triangle(report).print(std::cout);
  }
  print_divergences(report);
  if (loss) print_loss(*loss);
  std::cout << '\n' << verdict(report) << '\n';
}

int run(const CheckOptions& options) {
  CrossCheckOptions check{.choice = all_unless(options.backend),
                          .precision = options.precision.network,
                          .layer_precisions = options.precision.layers};
  (void)select_backends(check.choice);  // before anything takes time
  const Workload work = make_workload(options.work, kDefaultSteps);
  if (work.steps * work.batch == 0) {
    throw Error(ErrorCode::invalid_argument, "check: nothing to compare: no steps or no rows");
  }
  const OracleReference oracle(layer_precisions(
      work.model, {.precision = check.precision, .layer_precisions = check.layer_precisions}));
  check.reference = &oracle;
  Progress progress("checking");
  check.progress = [&](double done) { progress.update(done); };
  const std::vector<NamedInput> inputs = work.views(0, work.steps);
  const CrossCheckReport report = cross_check(work.model, {.inputs = inputs}, check);
  progress.clear();
  if (report.ran() == 0) {
    const CheckedBackend& first = report.backends.front();
    throw Error(ErrorCode::unsupported,
                "no backend can run it: " + first.id + ": " +
                    (first.refusal.empty() ? first.failure : first.refusal));
  }
  std::optional<PrecisionLoss> loss;
  const bool reduced = options.precision.network != Precision::float32;
  if (reduced || !options.precision.layers.empty()) {
    loss = precision_loss(work, check.choice, options.precision);
  }
  if (options.json) {
    Json json({{"work", work.title()},
               {"input", work.data},
               {"steps", work.steps},
               {"batch", work.batch},
               {"seed", options.work.seed},
               {"ok", report.ok()},
               {"void_share", report.void_share},
               {"proves_nothing", report.proves_nothing()},
               {"results", result_table(report).json()},
               {"pairs", pairs_json(report)},
               {"divergences", divergence_json(report)}});
    if (loss) json["loss"] = loss_json(*loss);
    print_json(json);
  } else {
    print_text(work, report, options.work.seed, loss);
  }
  return report.ok() ? kOk : kCheckFailed;
}

}  // namespace

Command check_command(Parser& app) {
  Parser command = app.add_subcommand(
      "check", "Compare every backend with a float64 oracle and with each other");
  auto options = std::make_shared<CheckOptions>();
  add_workload_options(command, options->work);
  add_backends_option(command, options->backend);
  add_precision_options(command, options->precision);
  add_json_option(command, options->json);
  command.footer(kFooter);
  return {command, [options] { return run(*options); }};
}

}  // namespace carousel::cli
