// SPDX-License-Identifier: Apache-2.0
// Tables about how Carousel decides: estimates, rules that depend on cache sizes, and whether
// threads share work.
#include "print.hpp"

#include <format.hpp>

#include <algorithm>
#include <ostream>

namespace carousel::bench {
namespace {

using cli::Align;
using cli::format_fixed;
using cli::format_time;
using cli::Table;

/// "40 of 42 (95 %)"
std::string share(std::int64_t count, std::size_t of) {
  return std::to_string(count) + " of " + std::to_string(of) + " (" +
         cli::format_percent(static_cast<double>(count) / static_cast<double>(of)) + ")";
}

}  // namespace

void print_estimates(const Results& results, std::ostream& out) {
  Table table({{"", "shape", Align::left},
               {"", "threads"},
               {"", "chosen", Align::left},
               {"", "predicted"},
               {"", "measured"},
               {"", "predicted/measured"},
               {"", "fastest", Align::left},
               {"", "best"},
               {"", "measured/best"},
               {"", "gain"},
               {"", "core share"}});
  for (const EstimateResult& result : results.estimates) {
    table.add({result.shape, std::to_string(result.threads), result.chosen,
               format_time(result.predicted), format_time(result.measured),
               format_fixed(result.error(), 2), result.fastest, format_time(result.best),
               format_fixed(result.loss(), 2),
               result.threads > 1 ? format_fixed(result.one_thread / result.measured, 2) + " ×"
                                  : std::string("-"),
               result.threads > 1 ? cli::format_percent(result.core_share) : std::string("-")});
  }
  table.print(out);
  const std::size_t all = results.estimates.size();
  const auto good = std::ranges::count_if(results.estimates, &EstimateResult::chooses_well);
  const auto close = std::ranges::count_if(results.estimates, &EstimateResult::predicts_well);
  out << "\nchosen within 5 % of the best: " << share(good, all)
      << "; predicted within 1.4 times: " << share(close, all)
      << ".\ngain: by several threads, against the fastest with one; core share: of its "
         "multiply-adds\nthat each of two threads keeps.\n";
}

void print_cache_sweep(const Results& results, std::ostream& out) {
  std::vector<cli::Column> columns{
      {"", "shape", Align::left}, {"", "backend", Align::left}, {"", "as it is"}};
  for (const AssumedL2& one : results.cache_sweep.front().assumed) {
    columns.push_back({"", "L2 " + std::to_string(one.l2_bytes / 1024) + "K"});
  }
  Table table(std::move(columns));
  for (const CacheSweepResult& result : results.cache_sweep) {
    std::vector<cli::TableCell> row{result.shape, result.backend, format_time(result.own.median)};
    for (const AssumedL2& one : result.assumed) {
      row.emplace_back(format_fixed(one.seconds.median / result.own.median, 2));
    }
    table.add(std::move(row));
  }
  table.print(out);
  out << "\nThe first layer of each shape, one thread: times with the rules for another size of "
         "the\n"
         "L2 cache, divided by those with this machine's rules.\n";
}

void print_neighbours(const Results& results, std::ostream& out) {
  Table table({{"", "shape", Align::left},
               {"", "backend", Align::left},
               {"", "cores", Align::left},
               {"", "1 thread, p50"},
               {"", "p99"},
               {"", "threads"},
               {"", "p50"},
               {"", "p99"},
               {"", "gain, p50"},
               {"", "cost, p99"}});
  const auto add = [&](const NeighboursResult& of, const std::string& cores,
                       const ThreadLatencies& times) {
    table.add({of.shape, of.backend, cores, format_time(times.one.median),
               format_time(times.one.p99), std::to_string(of.threads),
               format_time(times.several.median), format_time(times.several.p99),
               format_fixed(times.gain(), 2) + " ×", format_fixed(times.cost(), 2) + " ×"});
  };
  for (const NeighboursResult& result : results.neighbours) {
    add(result, "free", result.free);
    add(result, std::to_string(result.neighbours) + " busy", result.busy);
  }
  table.print(out);
  out << "\nSingle runs. gain: one thread's median, divided by that of several threads; cost: "
         "their\n99th percentile, divided by that of one thread. busy: a process on each core "
         "that does\nnothing but use it.\n";
}

}  // namespace carousel::bench
