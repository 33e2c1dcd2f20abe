// SPDX-License-Identifier: Apache-2.0
#include "print.hpp"

#include <format.hpp>

#include <algorithm>
#include <ostream>

namespace carousel::bench {
namespace {

using cli::Align;
using cli::format_fixed;
using cli::format_percent;
using cli::format_time;
using cli::Table;

std::string spread(const Measurement& measurement) {
  if (measurement.samples.size() < 3) return "-";
  return "± " + format_percent((measurement.seconds.high - measurement.seconds.low) / 2 /
                               measurement.seconds.median);
}

void add_measurement(Table& table, const Results& results, const Measurement& measurement) {
  const std::string threads = std::to_string(measurement.threads);
  if (!measurement.ran()) {
    table.add({measurement.shape, threads, measurement.backend, std::string("-"), std::string("-"),
               std::string("-"), std::string("-"), measurement.refusal});
    return;
  }
  const double seconds = measurement.seconds.median;
  table.add({measurement.shape, threads, measurement.resolved, format_time(seconds),
             spread(measurement),
             format_fixed(results.shape(measurement.shape).flops() / seconds / 1e9, 1),
             format_percent(measurement.least_seconds / seconds), note(measurement)});
}

std::string state_of(const Results& results, const Verdict& verdict) {
  if (verdict.criteria.empty()) return "no target";
  const Measurement* measured = results.find(verdict.shape, "xsimd", verdict.threads);
  const bool slow = measured != nullptr && measured->slow_state;
  return std::string(verdict.met() ? "met" : "MISSED") + (slow ? " (slow state)" : "");
}

/// A rival's time and what xsimd's is of it.
void add_rival(std::vector<cli::TableCell>& row, const Verdict& verdict, double seconds) {
  const bool ran = seconds > 0;
  row.emplace_back(ran ? format_time(seconds) : std::string("-"));
  row.emplace_back(ran ? format_fixed(verdict.xsimd / seconds, 2) : std::string("-"));
}

void add_verdict(Table& table, const Results& results, const Verdict& verdict) {
  const Criterion* target = tightest(verdict.criteria);
  const bool onednn = verdict.onednn > 0;
  const Measurement* measured = results.find(verdict.shape, "xsimd", verdict.threads);
  const double gain =
      measured == nullptr ? 0 : measured->one_thread_seconds / measured->seconds.median;
  const std::string none = "-";
  std::vector<cli::TableCell> row{verdict.shape, std::to_string(verdict.threads),
                                  format_time(verdict.xsimd)};
  add_rival(row, verdict, verdict.onednn);
  if (!results.onnxruntime_version.empty()) add_rival(row, verdict, verdict.onnxruntime);
  row.insert(
      row.end(),
      {onednn && target != nullptr ? format_fixed(target->seconds / verdict.onednn, 2) : none,
       target != nullptr ? format_time(target->seconds) : none,
       format_percent(verdict.least_seconds / verdict.xsimd),
       gain > 0 ? format_fixed(gain, 2) + " ×" : none, state_of(results, verdict),
       target != nullptr ? target->text : none});
  table.add(std::move(row));
}

/// "3 of 4 targets met; 1 of the others allows less time than the roofline"
std::string summary(const Results& results) {
  const auto judged = std::ranges::count_if(
      results.verdicts, [](const Verdict& verdict) { return !verdict.criteria.empty(); });
  const auto met = std::ranges::count_if(results.verdicts, [](const Verdict& verdict) {
    return !verdict.criteria.empty() && verdict.met();
  });
  const auto beyond = std::ranges::count_if(results.verdicts, [](const Verdict& verdict) {
    return !verdict.met() && verdict.beyond_roofline(*tightest(verdict.criteria));
  });
  return std::to_string(met) + " of " + std::to_string(judged) + " targets met" +
         (beyond > 0 ? "; " + std::to_string(beyond) + " of the others " +
                           (beyond == 1 ? "allows" : "allow") + " less time than the roofline"
                     : "") +
         (results.onednn_version.empty() ? " (no oneDNN in this build: none against other engines)"
                                         : "");
}

void print_missed(const Results& results, std::ostream& out) {
  const bool all = std::ranges::all_of(results.verdicts, &Verdict::met);
  out << '\n' << summary(results) << (all ? ".\n" : ". Missed:\n");
  for (const Verdict& verdict : results.verdicts) {
    if (verdict.met()) continue;
    out << "  " << verdict.shape << ", " << verdict.threads
        << (verdict.threads == 1 ? " thread: " : " threads: ");
    bool first = true;
    for (const Criterion& criterion : verdict.criteria) {
      if (verdict.xsimd <= criterion.seconds) continue;
      out << (first ? "" : "; ") << criterion.text << " (" << format_time(criterion.seconds)
          << ", took " << format_fixed(verdict.xsimd / criterion.seconds, 2) << " times that"
          << (verdict.beyond_roofline(criterion)
                  ? ", the roofline " + format_time(verdict.least_seconds)
                  : "")
          << ')';
      first = false;
    }
    out << '\n';
  }
}

}  // namespace

std::string note(const Measurement& measurement) {
  if (!measurement.agrees) {
    return "WRONG: y differs by " + cli::format_error(measurement.max_difference);
  }
  if (!measurement.slow_state) return {};
  if (measurement.shared_core()) {
    return "slow: " + format_percent(measurement.disturbed_share) + " of samples on a shared core";
  }
  if (measurement.one_core()) {
    return "slow: " + format_percent(measurement.core_share) + " of a core for each";
  }
  return "slow: " + format_fixed(measurement.round_trip_ns, 0) + " ns between cores";
}

void print_roofline(const Roofline& roofline, std::ostream& out) {
  out << "one core: " << format_fixed(roofline.flops_per_second / 1e9, 0) << " GFLOP/s ("
      << roofline.isa << ", median; at best " << format_fixed(roofline.peak_best / 1e9, 0)
      << "); reads";
  for (const WorkingSet& set : working_sets(cpu())) {
    const double rate = roofline.bandwidth(static_cast<double>(set.bytes));
    out << ' ' << set.name << ' ' << format_fixed(rate / 1e9, 0);
  }
  out << " GB/s\n";
}

void print_measurements(const Results& results, std::ostream& out) {
  Table table({{"", "shape", Align::left},
               {"", "threads"},
               {"", "backend", Align::left},
               {"", "time/run"},
               {"", "spread"},
               {"", "GFLOP/s"},
               {"", "roofline"},
               {"", "note", Align::left}});
  for (const auto& measurement : results.measurements) {
    add_measurement(table, results, measurement);
  }
  table.print(out);
}

void print_comparison(const Results& results, std::ostream& out) {
  const bool peers = !results.onnxruntime_version.empty();
  std::vector<cli::Column> columns{
      {"", "shape", Align::left}, {"", "threads"}, {"", "xsimd"}, {"", "onednn"}, {"", "ratio"}};
  if (peers) columns.insert(columns.end(), {{"", "onnxruntime"}, {"", "ratio"}});
  columns.insert(columns.end(), {{"", "target"},
                                 {"", "allowed"},
                                 {"", "roofline"},
                                 {"", "gain"},
                                 {"", "target is", Align::left},
                                 {"", "tightest demand", Align::left}});
  Table table(std::move(columns));
  for (const Verdict& verdict : results.verdicts) add_verdict(table, results, verdict);
  table.print(out);
  out << "\nratio: xsimd / oneDNN " << results.onednn_version;
  if (peers) out << " and xsimd / ONNX Runtime " << results.onnxruntime_version;
  out << "; target: what the tightest demand makes of the one against oneDNN;\n"
         "gain: by several threads, against one thread in turns with them.\n";
  print_missed(results, out);
}

void print_summary(const Results& results, std::ostream& out) {
  if (!results.verdicts.empty()) out << '\n' << summary(results) << " (--compare shows them).\n";
}

void print_lengths(const Results& results, std::ostream& out) {
  constexpr double kTarget = 0.6;
  Table table({{"", "shape", Align::left},
               {"", "threads"},
               {"", "backend", Align::left},
               {"", "padded"},
               {"", "variable"},
               {"", "ratio"},
               {"", "real steps"},
               {"", "target ≤ 0.6", Align::left}});
  for (const LengthsResult& result : results.lengths) {
    const double ratio = result.variable.median / result.padded.median;
    table.add({result.shape, std::to_string(result.threads), result.backend,
               format_time(result.padded.median), format_time(result.variable.median),
               format_fixed(ratio, 2), format_percent(result.share_of_steps),
               std::string(!result.backend.starts_with("xsimd") ? ""
                           : ratio <= kTarget                   ? "met"
                                                                : "MISSED")});
  }
  table.print(out);
}

void print_prepare(const Results& results, std::ostream& out) {
  Table table({{"", "backend", Align::left},
               {"", "prepare H 1024"},
               {"", "÷ memcpy"},
               {"", "first run H 128"},
               {"", "÷ 100th"},
               {"", "stream"},
               {"", "of 64 steps"},
               {"", "idle CPU"}});
  for (const PrepareResult& result : results.prepare) {
    if (!result.refusal.empty()) {
      out << result.backend << ": " << result.refusal << '\n';
      continue;
    }
    table.add({result.backend, format_time(result.prepare_seconds),
               format_fixed(result.prepare_seconds / result.memcpy_seconds, 1),
               format_time(result.first_run),
               format_fixed(result.first_run / result.hundredth_run, 2),
               cli::format_bytes(static_cast<double>(result.stream_bytes)),
               cli::format_bytes(static_cast<double>(result.stream_bytes_64)),
               format_percent(result.idle_cpu_share)});
  }
  table.print(out);
  out << "\nTargets: prepare < 10 × memcpy of the weights; first run = hundredth; a stream for\n"
         "hidden 128, batch 1, one step at a time < 8 KB; no CPU time between runs (the share of "
         "a\n"
         "core used in half a second after a run with two threads).\n";
}

void print_routes(const Results& results, std::ostream& out) {
  Table table(
      {{"", "one call of", Align::left}, {"", "built in"}, {"", "plug-in"}, {"", "difference"}});
  const auto nanoseconds = [](double seconds) { return format_fixed(seconds * 1e9, 1) + " ns"; };
  for (const RouteResult& result : results.routes) {
    table.add({result.layer, nanoseconds(result.direct.median), nanoseconds(result.plugin.median),
               nanoseconds(result.plugin.median - result.direct.median)});
  }
  table.print(out);
  out << "\nA layer that does nothing, and LSTM 128 -> 128, one step of one row (xsimd). Target: "
         "a\n"
         "difference below 50 ns.\n";
}

void print_networks(const Results& results, std::ostream& out) {
  Table table({{"", "network", Align::left},
               {"", "calls"},
               {"", "backend", Align::left},
               {"", "time/call"},
               {"", "recurrent"},
               {"", "ratio"},
               {"", "onnxruntime"},
               {"", "ratio"}});
  for (const NetworkResult& result : results.networks) {
    std::vector<cli::TableCell> row{result.network, std::to_string(result.calls), result.backend,
                                    format_time(result.whole.median)};
    for (const Quartiles& other : {result.recurrent, result.onnxruntime}) {
      const bool measured = other.median > 0;
      row.emplace_back(measured ? format_time(other.median) : std::string("-"));
      row.emplace_back(measured ? format_fixed(result.whole.median / other.median, 2)
                                : std::string("-"));
    }
    table.add(std::move(row));
  }
  table.print(out);
  out << "\nOne thread. recurrent: the recurrent layers alone; ratio: the whole network against "
         "it,\n"
         "and against ONNX Runtime on the same file.\n";
}

}  // namespace carousel::bench
