// SPDX-License-Identifier: Apache-2.0
// The table of --precision: what a precision gains, saves and costs, and what others have in it.
#include "print.hpp"

#include <format.hpp>
#include <table.hpp>

#include <algorithm>
#include <ostream>

namespace carousel::bench {
namespace {

using cli::Align;
using cli::format_error;
using cli::format_fixed;
using cli::format_time;
using cli::Table;

const std::string kNothing = "-";

/// The fastest other engine that has this precision, or null.
const Measurement* fastest_peer(const Results& results, const Measurement& measurement) {
  const Measurement* fastest = nullptr;
  for (const Measurement& other : results.measurements) {
    if (!other.other_arithmetic || !other.ran() || other.precision != measurement.precision ||
        other.shape != measurement.shape || other.threads != measurement.threads) {
      continue;
    }
    if (fastest == nullptr || other.seconds.median < fastest->seconds.median) fastest = &other;
  }
  return fastest;
}

void add_peer(std::vector<cli::TableCell>& row, const Measurement& measurement,
              const Measurement* peer) {
  if (peer == nullptr) {
    row.insert(row.end(), 4, kNothing);
    return;
  }
  row.insert(row.end(), {peer->resolved, format_time(peer->seconds.median),
                         format_fixed(measurement.seconds.median / peer->seconds.median, 2),
                         format_error(peer->max_difference)});
}

void add_precision(Table& table, const Results& results, const Measurement& measurement,
                   bool peers) {
  std::vector<cli::TableCell> row{measurement.shape, std::to_string(measurement.threads),
                                  measurement.ran() ? measurement.resolved : measurement.backend};
  // A backend's first measurement is in float32.
  const Measurement* plain =
      results.find(measurement.shape, measurement.backend, measurement.threads);
  if (!measurement.ran() || !plain->ran()) {
    row.insert(row.end(), peers ? 9 : 5, kNothing);
    row.emplace_back(measurement.refusal);
  } else {
    row.insert(row.end(),
               {format_time(plain->seconds.median), format_time(measurement.seconds.median),
                format_fixed(measurement.float32_seconds / measurement.seconds.median, 2) + " ×",
                format_fixed(static_cast<double>(measurement.memory_bytes) /
                                 static_cast<double>(plain->memory_bytes),
                             3),
                format_error(measurement.float32_difference)});
    if (peers) add_peer(row, measurement, fastest_peer(results, measurement));
    row.emplace_back(note(measurement));
  }
  table.add(std::move(row));
}

}  // namespace

void print_precision(const Results& results, Precision precision, std::ostream& out) {
  const bool peers = std::ranges::any_of(
      results.measurements, [](const Measurement& each) { return each.other_arithmetic; });
  const std::string shown(name(precision));
  std::vector<cli::Column> columns{{"", "shape", Align::left},
                                   {"", "threads"},
                                   {"", "backend", Align::left},
                                   {"", "float32"},
                                   {"", shown},
                                   {"", "gain"},
                                   {"", "memory"},
                                   {"", "y off by"}};
  if (peers) {
    columns.insert(columns.end(), {{"", "fastest peer", Align::left},
                                   {"", "its " + shown},
                                   {"", "ratio"},
                                   {"", "its y off by"}});
  }
  columns.push_back({"", "note", Align::left});
  Table table(std::move(columns));
  for (const Measurement& measurement : results.measurements) {
    if (measurement.precision != precision || measurement.other_arithmetic) continue;
    add_precision(table, results, measurement, peers);
  }
  table.print(out);
  out << "\ngain: how many times as fast as the same backend in float32, in turns with it; memory: "
         "of its\npacked weights; y off by: the largest difference from float32";
  if (peers) out << ", in Carousel and in the fastest\nother engine; ratio: Carousel's time / its";
  out << ".\n";
}

}  // namespace carousel::bench
