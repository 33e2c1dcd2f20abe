// SPDX-License-Identifier: Apache-2.0
// Every measurement as a bar with its spread, grouped by shape.
#include "../format.hpp"
#include "sections.hpp"
#include "svg.hpp"

#include <algorithm>

namespace carousel::cli {
namespace {

constexpr double kBarWidth = 280;
constexpr double kBarHeight = 18;
constexpr double kMostTimesBest = 3;  // longer bars are cut

using Rows = std::vector<const ReportMeasurement*>;

Rows rows_of(const ReportData& data, const std::string& shape, int threads) {
  Rows rows;
  for (const ReportMeasurement& one : data.measurements) {
    if (one.shape == shape && one.threads == threads) rows.push_back(&one);
  }
  return rows;
}

/// Seconds that fill a bar, common to the rows of a shape and thread count.
double full_scale(const Rows& rows, const ReportTarget* target) {
  double best = 0;
  double slowest = 0;
  for (const ReportMeasurement* one : rows) {
    if (!one->ran()) continue;
    best = best == 0 ? one->median : std::min(best, one->median);
    slowest = std::max(slowest, one->high);
  }
  if (target != nullptr) slowest = std::max(slowest, target->allowed_seconds);
  return 1.05 * std::min(slowest, kMostTimesBest * best);
}

std::string bar(const ReportMeasurement& one, double scale, const ReportTarget* target) {
  const double per_second = kBarWidth / scale;
  Svg svg(kBarWidth + 14, kBarHeight, one.name() + " " + format_time(one.median));
  const double width = std::min(kBarWidth, one.median * per_second);
  const std::string quartiles =
      "quartiles " + format_time(one.low) + " to " + format_time(one.high);
  svg.rect(0, 3, kBarWidth, kBarHeight - 6, "track");
  svg.rect(0, 3, width, kBarHeight - 6, backend_class(one.name()), 1,
           format_time(one.median) + ", " + quartiles);
  if (one.median * per_second > kBarWidth) {
    svg.text(kBarWidth + 3, 13, "»", "dim");
  } else {
    const double low = one.low * per_second;
    const double high = std::min(kBarWidth, one.high * per_second);
    svg.line(low, kBarHeight / 2, high, kBarHeight / 2, "whisker");
    for (const double x : {low, high}) svg.line(x, 6, x, kBarHeight - 6, "whisker");
  }
  const double least = one.least_seconds * per_second;
  if (least < kBarWidth) svg.line(least, 1, least, kBarHeight - 1, "least");
  if (target != nullptr && target->allowed_seconds * per_second < kBarWidth) {
    const double x = target->allowed_seconds * per_second;
    svg.line(x, 0, x, kBarHeight, "allowed");
  }
  return svg.str();
}

std::string verdict(const ReportMeasurement& one, const ReportTarget* target) {
  std::string html;
  if (target != nullptr) {
    const auto tightest = std::ranges::min_element(target->criteria, {}, &ReportCriterion::seconds);
    html = std::string("<span class=\"") + (target->met() ? "met\">met: " : "missed\">missed: ") +
           escape(tightest->text) + "</span> <span class=\"dim\">(" +
           format_time(target->allowed_seconds) + ")</span>";
  }
  if (!one.agrees) html += " <span class=\"missed\">result differs</span>";
  if (one.slow_state) {
    const std::string distance =
        one.round_trip_ns > 0 ? ", " + format_fixed(one.round_trip_ns, 0) + " ns" : "";
    html += " <span class=\"slow\">slow state" + distance + "</span>";
  }
  return html;
}

std::string row(const ReportMeasurement& one, double scale, const ReportTarget* target) {
  const std::string backend = "<td class=\"left\"><i class=\"" + backend_class(one.name()) +
                              "\"></i>" + escape(one.name()) + "</td>";
  if (!one.ran()) {
    return backend + "<td colspan=\"6\" class=\"left dim wrap\">" + escape(one.refusal) + "</td>";
  }
  return backend + "<td class=\"left\">" + bar(one, scale, target) + "</td><td>" +
         format_time(one.median) + "</td><td class=\"dim\">± " +
         format_percent((one.high - one.low) / 2 / one.median) + "</td><td>" +
         format_fixed(one.gflops, 1) + "</td><td>" + format_percent(one.roofline) +
         "</td><td class=\"left wrap\">" + verdict(one, target) + "</td>";
}

std::string body(const ReportData& data, const ReportShape& shape) {
  std::string html;
  for (const int threads : data.thread_counts()) {
    const Rows rows = rows_of(data, shape.name, threads);
    const ReportTarget* target = data.target(shape.name, threads);
    const double scale = full_scale(rows, target);
    std::string label = "<td class=\"dim left\">" + format_threads(threads) + "</td>";
    for (const ReportMeasurement* one : rows) {
      html +=
          "<tr>" + label + row(*one, scale, one->backend == "xsimd" ? target : nullptr) + "</tr>\n";
      label = "<td></td>";
    }
  }
  if (html.empty()) return html;
  return "<tbody class=\"shape\">\n<tr><td colspan=\"8\" class=\"left name\"><b>" +
         escape(shape.name) + "</b> <span class=\"dim\">" + escape(shape.text()) +
         "</span></td></tr>\n" + html + "</tbody>\n";
}

}  // namespace

std::string shapes_section(const ReportData& data) {
  std::string bodies;
  for (const ReportShape& shape : data.shapes) bodies += body(data, shape);
  if (bodies.empty()) return {};
  return "<section><h2>Every shape</h2>\n<p>Median time of one run with its quartiles as whiskers; "
         "bars share a scale within a shape and thread count, and are cut (») at three times the "
         "fastest. Dotted: the roofline's limit. Red: what the tightest target allows.</p>\n" +
         legend(data) +
         "<table><thead><tr><th></th><th class=\"left\">backend</th><th></th><th>time</th>"
         "<th>spread</th><th>GFLOP/s</th><th>roofline</th><th class=\"left\">target</th></tr>"
         "</thead>\n" +
         bodies + "</table></section>\n";
}

}  // namespace carousel::cli
