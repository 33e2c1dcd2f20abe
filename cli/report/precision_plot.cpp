// SPDX-License-Identifier: Apache-2.0
// Time against error, backend by backend and precision by precision.
#include "precision_plot.hpp"

#include "../format.hpp"
#include "sections.hpp"
#include "svg.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace carousel::cli {
namespace {

constexpr double kPlotLeft = 76;
constexpr double kPlotRight = 700;
constexpr double kPlotTop = 14;
constexpr double kPlotBottom = 300;
constexpr double kPlotHeight = 346;
constexpr double kMargin = 1.4;  // around the first and the last dot

/// The error as a share of the outputs, by root mean square.
double relative_error(const RankResult& result) { return std::pow(10.0, -result.sqnr_db / 20); }

bool is_drawn(const RankResult& result) { return result.ran() && std::isfinite(result.sqnr_db); }

/// From a bit below the least of the drawn results' values to a bit above the largest.
template <class Value>
LogScale scale_of(const RankReport& report, Value value, double from, double to) {
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  for (const RankResult& result : report.results) {
    if (!is_drawn(result)) continue;
    low = std::min(low, value(result));
    high = std::max(high, value(result));
  }
  return {low / kMargin, high * kMargin, from, to};
}

/// Lines at the powers of ten.
void draw_grid(Svg& svg, const LogScale& x, const LogScale& y) {
  const auto first = [](double low) { return std::pow(10.0, std::ceil(std::log10(low))); };
  for (double error = first(y.low()); error <= y.high(); error *= 10) {
    svg.line(kPlotLeft, y(error), kPlotRight, y(error), "grid");
    svg.text(kPlotLeft - 7, y(error) + 4, format_error(error), "dim", Anchor::end);
  }
  for (double power = first(x.low() / 10); power <= x.high(); power *= 10) {
    for (const double seconds : {power, 2 * power, 5 * power}) {
      if (seconds < x.low() || seconds > x.high()) continue;
      svg.line(x(seconds), kPlotTop, x(seconds), kPlotBottom, "grid");
      svg.text(x(seconds), kPlotBottom + 16, format_time(seconds), "dim", Anchor::middle);
    }
  }
  svg.text((kPlotLeft + kPlotRight) / 2, kPlotBottom + 38, "time of one run", "dim",
           Anchor::middle);
  svg.text(14, (kPlotTop + kPlotBottom) / 2, "relative error of the outputs", "dim", Anchor::middle,
           -90);
}

std::string plot_of(const RankReport& report) {
  const auto seconds = [](const RankResult& result) { return result.time.median; };
  const LogScale x = scale_of(report, seconds, kPlotLeft, kPlotRight);
  const LogScale y = scale_of(report, relative_error, kPlotBottom, kPlotTop);
  Svg svg(kPlotRight + 110, kPlotHeight, "Time of one run against the error of the outputs");
  draw_grid(svg, x, y);
  for (const RankResult& result : report.results) {
    if (!is_drawn(result)) continue;
    const double at = x(seconds(result));
    const double error = relative_error(result);
    svg.circle(at, y(error), 5, "dot " + backend_class(result.name),
               result.label() + ": " + format_time(seconds(result)) + ", " +
                   format_fixed(result.sqnr_db, 1) + " dB");
    svg.text(at + 8, y(error) + 4, name(result.precision), "small");
  }
  return svg.str();
}

std::string key_of(const RankReport& report) {
  std::string html = "<div class=\"legend\">";
  std::vector<std::string> seen;
  for (const RankResult& result : report.results) {
    if (!is_drawn(result) || std::ranges::find(seen, result.name) != seen.end()) continue;
    seen.push_back(result.name);
    html += "<span><i class=\"" + backend_class(result.name) + "\"></i>" + escape(result.name) +
            "</span>";
  }
  return html + "</div>\n";
}

}  // namespace

std::string precision_section(const RankReport& report) {
  const auto of_first = [&](const RankResult& result) {
    return result.precision == report.results.front().precision;
  };
  if (std::ranges::all_of(report.results, of_first)) return {};
  return "<section><h2>What precisions gain and cost</h2>\n<p>Time of one run against the error of "
         "the outputs as a share of them (root mean squares), from a float64 computation with the "
         "model's own weights. Left is faster, down is more exact.</p>\n" +
         key_of(report) + plot_of(report) + "</section>\n";
}

}  // namespace carousel::cli
