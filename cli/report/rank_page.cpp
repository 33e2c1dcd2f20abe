// SPDX-License-Identifier: Apache-2.0
#include "rank_page.hpp"

#include "precision_plot.hpp"

#include "../format.hpp"
#include "sections.hpp"
#include "style.hpp"
#include "svg.hpp"

#include <algorithm>

namespace carousel::cli {
namespace {

constexpr double kBarHeight = 18;
constexpr double kRankBar = 320;
constexpr double kLayerBar = 130;

std::string bar(double width, double share, const std::string& css, const std::string& title) {
  Svg svg(width, kBarHeight, title);
  svg.rect(0, 3, width, kBarHeight - 6, "track");
  svg.rect(0, 3, width * std::clamp(share, 0.0, 1.0), kBarHeight - 6, css, 1, title);
  return svg.str();
}

std::string backend_cell(const RankResult& result) {
  return "<i class=\"" + backend_class(result.name) + "\"></i>" + escape(result.label());
}

std::string rank_row(const RankResult& result, double slowest) {
  const std::string name = "<tr><td class=\"left\">" + backend_cell(result) + "</td>";
  if (!result.ran()) {
    return name + "<td colspan=\"6\" class=\"left dim wrap\">" + escape(result.refusal) +
           "</td></tr>\n";
  }
  const double seconds = result.time.median;
  return name + "<td class=\"left\">" +
         bar(kRankBar, seconds / slowest, backend_class(result.name), format_time(seconds)) +
         "</td><td>" + format_time(seconds) + "</td><td class=\"dim\">" +
         (result.scaled ? "scaled" : "± " + format_percent(result.time.half_width / seconds)) +
         "</td><td>" + format_bytes(static_cast<double>(result.memory_bytes)) + "</td><td>" +
         format_fixed(result.sqnr_db, 1) + " dB</td><td class=\"left\">" +
         (result.agreement.ok ? "agrees with the oracle"
                              : "<span class=\"missed\">result differs</span>") +
         "</td></tr>\n";
}

std::string ranking_section(const RankReport& report) {
  double slowest = 0;
  for (const RankResult& result : report.results) slowest = std::max(slowest, result.time.median);
  std::string html =
      "<section><h2>Backends</h2>\n<p>Median time of one run, half the distance between the "
      "quartiles; backends took turns. By the roofline of this core a run takes at least " +
      format_time(report.least_seconds) +
      ".</p>\n<table><thead><tr><th class=\"left\">backend</th><th></th><th>time/run</th>"
      "<th>spread</th><th>weights</th><th>SQNR</th><th></th></tr></thead><tbody>\n";
  for (const RankResult& result : report.results) html += rank_row(result, slowest);
  return html + "</tbody></table></section>\n";
}

std::string layer_row(const LayersReport& report, const LayerShare& layer,
                      const std::vector<double>& longest) {
  std::string html = "<tr><td class=\"left\">" + escape(layer.layer) +
                     "</td><td class=\"left dim\">" + escape(layer.description) + "</td>";
  for (std::size_t k = 0; k < report.backends.size(); ++k) {
    const double seconds = layer.seconds[k];
    const double whole = report.whole(k);
    const std::string time = format_time(seconds);
    const std::string share = whole > 0 ? format_percent(seconds / whole) : "-";
    html +=
        "<td>" +
        bar(kLayerBar, longest[k] > 0 ? seconds / longest[k] : 0, backend_class(report.backends[k]),
            layer.layer + ", " + report.backends[k] + ": " + time + ", " + share) +
        "</td><td>" + time + "</td><td class=\"dim\">" + share + "</td>";
  }
  return html + "</tr>\n";
}

std::string layers_section(const LayersReport& report) {
  if (report.layers.empty()) return {};
  std::vector<double> longest(report.backends.size());
  std::string heads;
  for (std::size_t k = 0; k < report.backends.size(); ++k) {
    for (const LayerShare& layer : report.layers)
      longest[k] = std::max(longest[k], layer.seconds[k]);
    heads += "<th colspan=\"3\" class=\"left\">" + escape(report.backends[k]) + ", " +
             format_time(report.whole(k)) + " per step</th>";
  }
  std::string html =
      "<section><h2>Where the time goes</h2>\n<p>Time per step and share of the whole of each "
      "layer, in the order in which they run. The bars of a backend share a scale. Between the "
      "layers the engine checks arguments and points them to their sequences.</p>\n"
      "<table><thead><tr><th class=\"left\">layer</th><th class=\"left\">what</th>" +
      heads + "</tr></thead><tbody>\n";
  for (const LayerShare& layer : report.layers) html += layer_row(report, layer, longest);
  return html + "</tbody></table></section>\n";
}

}  // namespace

std::string rank_page(const Workload& work, int threads, const RankReport& report,
                      const LayersReport& layers) {
  return page_start("Carousel rank") + "<h1>" + escape(work.title()) + "</h1>\n<p>" +
         format_threads(threads) + "; input: " + escape(work.data) + "</p>\n" +
         ranking_section(report) + precision_section(report) + layers_section(layers) +
         "<footer>Compare within one run only: absolute times drift on shared machines. Made by "
         "carousel rank.</footer>\n</main>\n</body>\n</html>\n";
}

}  // namespace carousel::cli
