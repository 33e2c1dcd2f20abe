// SPDX-License-Identifier: Apache-2.0
#include "trace_page.hpp"

#include "../format.hpp"
#include "../report/style.hpp"
#include "../report/svg.hpp"
#include "../table.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace carousel::cli {
namespace {

constexpr std::size_t kMostListed = 10;

std::string tile(const std::string& value, const std::string& label) {
  return "<div class=\"tile\"><b>" + escape(value) + "</b><span>" + escape(label) +
         "</span></div>\n";
}

std::string tiles(const NetworkTrace& trace) {
  std::string html = "<div class=\"tiles\">\n" + tile(std::to_string(trace.symbols.size()),
                                                      trace.text ? "characters read" : "steps");
  if (!trace.surprise.empty()) {
    double sum = 0.0;
    for (const double bits : trace.surprise) sum += bits;
    html += tile(format_fixed(sum / static_cast<double>(trace.surprise.size()), 2) + " bits",
                 "per character of this text");
  }
  for (const TracedLayer& layer : trace.layers) {
    const Signal* keep = layer.keep_gate();
    if (keep == nullptr) continue;
    html += tile(time_constant_text(memories(layer).front().time_constant),
                 layer.name + ": the longest memory; " +
                     format_fixed(100.0 * gate_use(*keep).mean, 1) + " % is kept at a step");
  }
  return html + "</div>\n";
}

/// How hard each symbol was to foresee, under the symbols.
std::string surprise_section(const NetworkTrace& trace) {
  if (trace.surprise.empty()) return {};
  constexpr double kHeight = 70.0;
  StepAxis axis = step_axis(trace);
  if (axis.cell * static_cast<double>(axis.steps) < 600.0) axis.cell *= 2.0;
  const double most = std::max(1.0, *std::ranges::max_element(trace.surprise));
  Svg svg(axis.width(), kHeight + 26.0, "Bits that each character cost");
  for (const double part : {0.5, 1.0}) {
    const double y = 4.0 + kHeight * (1.0 - part);
    svg.line(axis.left, y, axis.width() - 6, y, "grid");
    svg.text(axis.left - 6, y + 4, format_fixed(most * part, 1) + " bit", "small", Anchor::end);
  }
  for (std::size_t t = 0; t < trace.surprise.size(); ++t) {
    const double height = kHeight * trace.surprise[t] / most;
    const auto step = static_cast<std::int64_t>(t) + 1;
    svg.rect(
        axis.x(step) + 1, 4.0 + kHeight - height, std::max(1.0, axis.cell - 2), height, "bar", 1.0,
        "“" + visible(trace.symbols[t + 1]) + "”: " + format_fixed(trace.surprise[t], 2) + " bits");
  }
  draw_symbols(svg, trace, axis, 4.0 + kHeight);
  return "<section><h2>What surprised the network</h2>\n<p>Bits that each character cost it: tall "
         "bars are characters that it did not foresee, mostly where words begin.</p>\n<div "
         "class=\"scroll\">" +
         svg.str() + "</div></section>\n";
}

/// As JSON in the page, for its script; "<" is escaped, so nothing in it can end the element.
std::string symbols_element(const NetworkTrace& trace) {
  Json symbols = Json::array();
  for (const std::string& symbol : trace.symbols) {
    symbols.push_back(trace.text ? "“" + visible(symbol) + "”" : symbol);
  }
  std::string text;
  for (const char c : symbols.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    text += c == '<' ? "\\u003c" : std::string(1, c);
  }
  return "<script type=\"application/json\" id=\"symbols\">" + text + "</script>\n";
}

std::string layer_section(const NetworkTrace& trace, std::size_t k) {
  const TracedLayer& layer = trace.layers[k];
  const bool all = layer.shown.size() == layer.units();
  const std::string which =
      all ? "all " + std::to_string(layer.units()) + " units"
          : std::to_string(layer.shown.size()) + " of " + std::to_string(layer.units()) + " units";
  const std::string order =
      layer.keep_gate() == nullptr ? "" : ", the longest memory on top unless you chose others";
  return "<section><h2>Layer " + escape(layer.name) + " <span class=\"dim\">" +
         escape(describe(layer.spec)) + "</span></h2>\n" + unit_walk(trace, layer) +
         "<h3>Every gate over time</h3>\n<p>Rows are units (" + which + order +
         "), columns the symbols that were read. Rest the pointer on a cell for its value.</p>\n" +
         heat_maps(trace, k) + "<div class=\"plots\">" + keep_histogram(layer) +
         saturation_table(layer) + memory_table(trace, layer) + "</div></section>\n";
}

}  // namespace

std::string time_constant_text(double steps) {
  if (std::isinf(steps)) return "without end";
  return format_fixed(steps, steps < 10 ? 1 : 0) + " steps";
}

std::string keep_histogram(const TracedLayer& layer) {
  const Signal* gate = layer.keep_gate();
  if (gate == nullptr) return {};
  constexpr std::size_t kBins = 40;
  constexpr double kWidth = 380.0;
  constexpr double kHeight = 130.0;
  constexpr double kLeft = 6.0;
  std::array<double, kBins> bins{};
  for (const double value : gate->values) {
    if (std::isnan(value)) continue;
    const double bin = std::clamp(value, 0.0, 1.0) * kBins;
    bins.at(std::min(kBins - 1, static_cast<std::size_t>(bin))) += 1.0;
  }
  const double most = std::max(1.0, *std::ranges::max_element(bins));
  const double count = std::max<double>(1.0, static_cast<double>(gate->values.size()));
  Svg svg(kWidth + 2 * kLeft, kHeight + 44.0, "Histogram of " + gate->key);
  for (std::size_t k = 0; k < kBins; ++k) {
    const double height = kHeight * bins.at(k) / most;
    const double low = static_cast<double>(k) / kBins;
    svg.rect(kLeft + kWidth * low + 0.5, kHeight - height + 4, kWidth / kBins - 1, height,
             colour_class(*gate, low + 0.5 / kBins, 1.0), 1.0,
             gate->key + " from " + format_fixed(low, 3) + " to " +
                 format_fixed(low + 1.0 / kBins, 3) + ": " + format_percent(bins.at(k) / count));
  }
  svg.line(kLeft, kHeight + 4, kLeft + kWidth, kHeight + 4, "axis");
  struct Mark {
    double value;
    const char* fades;
    Anchor anchor;
  };
  for (const Mark& mark :
       {Mark{0.0, "at once", Anchor::start}, Mark{0.5, "1.4 steps", Anchor::middle},
        Mark{0.9, "9.5", Anchor::end}, Mark{1.0, "never", Anchor::end}}) {
    const double x = kLeft + kWidth * mark.value;
    svg.text(x, kHeight + 20, format_fixed(mark.value, 1), "small", mark.anchor);
    svg.text(x, kHeight + 36, (mark.value == 0.0 ? "forgets " : "") + std::string(mark.fades),
             "small", mark.anchor);
  }
  return "<div class=\"stat\"><h3>How much is kept: " + escape(signal_title(*gate)) +
         "</h3>\n<p>All units and steps: values near 1 carry memory on, values near 0 wipe "
         "it.</p>\n" +
         svg.str() + "</div>\n";
}

std::string saturation_table(const TracedLayer& layer) {
  std::string rows;
  for (const Signal& signal : layer.signals) {
    std::string cells;
    if (signal.gate) {
      const GateUse use = gate_use(signal);
      cells = "<td>" + format_fixed(use.mean, 2) + "</td><td>" + format_percent(use.shut) +
              "</td><td>" + format_percent(use.open) + "</td>";
    } else {
      const bool cell = signal.key == "c";
      cells = "<td></td><td colspan=\"2\">" + format_percent(share_beyond(signal, cell ? 2 : 0.9)) +
              (cell ? " beyond ±2" : " beyond ±0.9") + "</td>";
    }
    rows += "<tr><td class=\"left\">" + escape(signal_title(signal)) + "</td>" + cells + "</tr>\n";
  }
  return "<div class=\"stat\"><h3>Saturation</h3>\n<p>A gate that is shut or open decides clearly, "
         "but learns nothing more: its slope is almost 0.</p>\n<table><thead><tr><th "
         "class=\"left\"></th><th>mean</th><th>below 0.05</th><th>above 0.95</th></tr></thead>"
         "<tbody>" +
         rows + "</tbody></table></div>\n";
}

std::string memory_table(const NetworkTrace& trace, const TracedLayer& layer) {
  std::vector<Memory> all = memories(layer);
  if (all.empty()) return {};
  const auto longer = std::ranges::count_if(all, [&](const Memory& memory) {
    return memory.time_constant > static_cast<double>(trace.symbols.size());
  });
  if (all.size() > kMostListed) all.resize(kMostListed);
  std::string rows;
  for (const Memory& memory : all) {
    rows += "<tr><td>" + std::to_string(memory.unit) + "</td><td>" + format_fixed(memory.mean, 3) +
            "</td><td>" + time_constant_text(memory.time_constant) + "</td></tr>\n";
  }
  return "<div class=\"stat\"><h3>Units with the longest memory</h3>\n<p>Steps until 1/e is "
         "left; " +
         std::to_string(longer) + " of " + std::to_string(layer.units()) +
         " remember longer than this sequence is.</p>\n<table><thead><tr><th>unit</th><th>mean " +
         layer.keep_gate()->key + "</th><th>time constant</th></tr></thead><tbody>" + rows +
         "</tbody></table></div>\n";
}

std::string difference_section(const NetworkTrace& trace, const BackendDifference& difference) {
  std::string html = "<section><h2>" + escape(difference.a) + " against " + escape(difference.b) +
                     " <span class=\"dim\">layer " + escape(difference.layer) + "</span></h2>\n";
  if (difference.differing == 0) {
    return html + "<p>All " + format_count(difference.count) +
           " outputs h have the same bits.</p></section>\n";
  }
  const double most = *std::ranges::max_element(difference.largest_by_step);
  html += "<p>" + format_count(difference.differing) + " of " + format_count(difference.count) +
          " outputs h differ, by " + format_error(most) +
          " at most: rounding, unless the bars keep growing. Bars: the largest difference of each "
          "step.</p>\n";
  constexpr double kHeight = 80.0;
  StepAxis axis = step_axis(trace);
  if (axis.cell * static_cast<double>(axis.steps) < 600.0) axis.cell *= 2.0;
  Svg svg(axis.width(), kHeight + 26.0, "Largest difference of each step");
  svg.line(axis.left, 4, axis.width() - 6, 4, "grid");
  svg.text(axis.left - 6, 8, format_error(most), "small", Anchor::end);
  for (std::int64_t t = 0; t < axis.steps; ++t) {
    const double value = difference.largest_by_step[static_cast<std::size_t>(t)];
    const double height =
        std::isinf(most) ? (std::isinf(value) ? kHeight : 0.0) : kHeight * value / most;
    svg.rect(axis.x(t) + 1, 4 + kHeight - height, std::max(1.0, axis.cell - 2), height, "bar", 1.0,
             "step " + std::to_string(t) + ": " + format_error(value));
  }
  draw_symbols(svg, trace, axis, 4 + kHeight);
  std::string rows;
  for (const Difference& one : difference.largest) {
    rows += "<tr><td>" + std::to_string(one.step) + "</td><td>" +
            escape(visible(trace.symbols[static_cast<std::size_t>(one.step)])) + "</td><td>" +
            std::to_string(one.unit) + "</td><td>" + format_fixed(one.a, 8) + "</td><td>" +
            format_fixed(one.b, 8) + "</td><td>" +
            format_error(std::abs(static_cast<double>(one.a) - one.b)) + "</td></tr>\n";
  }
  return html + "<div class=\"scroll\">" + svg.str() +
         "</div>\n<table><thead><tr><th>step</th><th>symbol</th><th>unit</th><th>" +
         escape(difference.a) + "</th><th>" + escape(difference.b) +
         "</th><th>difference</th></tr></thead><tbody>" + rows + "</tbody></table></section>\n";
}

std::string trace_page(const NetworkTrace& trace,
                       const std::vector<BackendDifference>& differences) {
  std::string text;
  if (trace.text) {
    for (const std::string& symbol : trace.symbols) text += symbol;
  }
  std::string body = "<h1>Inside " + escape(trace.title) + "</h1>\n" +
                     (text.empty() ? "" : "<p class=\"read\">“" + escape(text) + "”</p>\n") +
                     tiles(trace) + surprise_section(trace);
  for (std::size_t k = 0; k < trace.layers.size(); ++k) body += layer_section(trace, k);
  for (const BackendDifference& difference : differences) {
    body += difference_section(trace, difference);
  }
  return page_start("Inside " + escape(trace.title), trace_style()) + body +
         "<footer>Values by the float64 oracle; stronger colours are larger ones. Made by "
         "carousel trace.</footer>\n</main>\n<div id=\"tip\" hidden></div>\n" +
         symbols_element(trace) + "<script>" + kTraceScript + "</script>\n</body>\n</html>\n";
}

}  // namespace carousel::cli
