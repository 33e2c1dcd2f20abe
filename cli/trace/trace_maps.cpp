// SPDX-License-Identifier: Apache-2.0
// Values over time as colours: heat maps of many units, and one unit in detail.
#include "../format.hpp"
#include "../report/svg.hpp"
#include "trace_page.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace carousel::cli {
namespace {

constexpr double kRow = 9.0;
constexpr double kTop = 4.0;
constexpr double kSymbols = 20.0;  // room for them below
constexpr double kNarrow = 7.0;    // narrower steps have room for numbers only, now and then

/// Rectangles of one colour each, all of a colour in one path.
class Mosaic {
 public:
  void add(const std::string& colour, double x, double y, double width, double height) {
    const std::string w = format_fixed(width, 1);
    paths_[colour] += "M" + format_fixed(x, 1) + " " + format_fixed(y, 1) + "h" + w + "v" +
                      format_fixed(height, 1) + "h-" + w + "z";
  }
  [[nodiscard]] std::string str() const {
    std::string all;
    for (const auto& [colour, path] : paths_) {
      all.append("<path class=\"").append(colour).append("\" d=\"").append(path).append("\"/>\n");
    }
    return all;
  }

 private:
  std::map<std::string, std::string> paths_;
};

/// One row of cells; neighbours of one colour are one rectangle.
void add_row(Mosaic& mosaic, const TracedLayer& layer, const Signal& signal, std::size_t unit,
             double scale, const StepAxis& axis, double y, double height) {
  const auto colour = [&](std::int64_t t) {
    return colour_class(signal, layer.value(signal, t, unit), scale);
  };
  for (std::int64_t t = 0; t < layer.steps;) {
    std::int64_t end = t + 1;
    while (end < layer.steps && colour(end) == colour(t)) ++end;
    mosaic.add(colour(t), axis.x(t), y, axis.cell * static_cast<double>(end - t), height);
    t = end;
  }
}

/// A number with three digits, as short as can be.
std::string brief(double value) {
  std::string text = format_fixed(value, 3);
  while (text.find('.') != text.npos && (text.back() == '0' || text.back() == '.')) {
    const bool point = text.back() == '.';
    text.pop_back();
    if (point) break;
  }
  return text == "-0" ? "0" : text;
}

/// What the script shows beside the pointer.
std::string values_of(const TracedLayer& layer, const Signal& signal) {
  std::string rows;
  for (const std::size_t unit : layer.shown) {
    std::string row;
    for (std::int64_t t = 0; t < layer.steps; ++t) {
      row += (t == 0 ? "" : ",") + brief(layer.value(signal, t, unit));
    }
    rows += (rows.empty() ? "" : ";") + row;
  }
  return rows;
}

std::string heat_map(const NetworkTrace& trace, const TracedLayer& layer, const Signal& signal) {
  const StepAxis axis = step_axis(trace);
  const double height = kTop + kRow * static_cast<double>(layer.shown.size());
  Svg svg(axis.width(), height + kSymbols,
          signal_title(signal) + " of " + layer.name + " over time");
  const double scale = colour_scale(layer, signal);
  Mosaic mosaic;
  std::string units;
  double y = kTop;
  for (const std::size_t unit : layer.shown) {
    add_row(mosaic, layer, signal, unit, scale, axis, y, kRow - 1.0);
    svg.text(axis.left - 6, y + 7.5, std::to_string(unit), "unit", Anchor::end);
    units += (units.empty() ? "" : ",") + std::to_string(unit);
    y += kRow;
  }
  svg.add(mosaic.str());
  draw_symbols(svg, trace, axis, height);
  svg.rect(axis.left, kTop, axis.cell, height - kTop, "cursor");
  return "<figure class=\"map\" style=\"width:" + format_fixed(axis.width(), 0) +
         "px\" data-key=\"" + signal.key + "\" data-left=\"" + format_fixed(axis.left, 0) +
         "\" data-cell=\"" + format_fixed(axis.cell, 2) + "\" data-top=\"" + format_fixed(kTop, 0) +
         "\" data-row=\"" + format_fixed(kRow, 0) + "\" data-units=\"" + units +
         "\" data-values=\"" + values_of(layer, signal) + "\"><figcaption><b>" +
         escape(signal_title(signal)) + "</b> " + signal.caption +
         (scale > 1.0 ? " Full colour from ±" + format_fixed(scale, 1) + " on." : "") +
         "</figcaption>\n" + svg.str() + "</figure>\n";
}

/// What the colours mean.
std::string colour_key() {
  constexpr double kPatch = 9.0;
  Svg svg(640, 18, "Colours: light to dark for gates from 0 to 1, blue to orange for the others");
  Mosaic mosaic;
  svg.text(0, 13, "gates: 0", "small");
  for (int k = 0; k < kSequentialColours; ++k) {
    mosaic.add("q" + std::to_string(k), 52 + kPatch * k, 3, kPatch, 12);
  }
  svg.text(58 + kPatch * kSequentialColours, 13, "1 (open)", "small");
  svg.text(290, 13, "others: below 0", "small");
  for (int k = 0; k < kDivergingColours; ++k) {
    mosaic.add("v" + std::to_string(k), 380 + kPatch * k, 3, kPatch, 12);
  }
  svg.text(386 + kPatch * kDivergingColours, 13, "above 0", "small");
  svg.add(mosaic.str());
  return svg.str();
}

/// The line of a signal between -1 and 1 times `scale`.
std::string curve(const TracedLayer& layer, const Signal& signal, std::size_t unit,
                  const StepAxis& axis, double middle, double reach, double scale) {
  std::string points;
  for (std::int64_t t = 0; t < layer.steps; ++t) {
    const double y = middle - reach * layer.value(signal, t, unit) / scale;
    points += format_fixed(axis.x(t) + axis.cell / 2, 1) + "," + format_fixed(y, 1) + " ";
  }
  return "<polyline class=\"curve curve-" + signal.key + "\" points=\"" + points + "\"/>\n";
}

/// The step where `score` is largest, and that score.
std::pair<std::int64_t, double> extreme(std::int64_t steps, const auto& score) {
  std::pair<std::int64_t, double> found{0, -1.0};
  for (std::int64_t t = 0; t < steps; ++t) {
    if (score(t) > found.second) found = {t, score(t)};
  }
  return found;
}

std::string at_step(const NetworkTrace& trace, std::int64_t step) {
  const std::string& symbol = trace.symbols[static_cast<std::size_t>(step)];
  return "step " + std::to_string(step) + (trace.text ? " (“" + visible(symbol) + "”)" : "");
}

/// What the drawing shows, in one or two sentences.
std::string story(const NetworkTrace& trace, const TracedLayer& layer, std::size_t unit) {
  std::string text = "Unit " + std::to_string(unit);
  const Signal* keep = layer.keep_gate();
  if (keep == nullptr) return text + ": its state over time.";
  const auto all = memories(layer);
  const auto memory = std::ranges::find(all, unit, &Memory::unit);
  text += " keeps " + format_percent(memory->mean) +
          " of its state at a step, so a memory (and, in "
          "training, the error on its way back) fades to 1/e within " +
          time_constant_text(memory->time_constant) + ".";
  const Signal* i = layer.find("i");
  const Signal* g = layer.find("g");
  if (i != nullptr && g != nullptr) {
    const auto write = extreme(layer.steps, [&](std::int64_t t) {
      return std::abs(layer.value(*i, t, unit) * layer.value(*g, t, unit));
    });
    text +=
        " The largest write, " +
        format_fixed(layer.value(*i, write.first, unit) * layer.value(*g, write.first, unit), 2) +
        ", comes at " + at_step(trace, write.first) + ";";
  }
  const auto loss =
      extreme(layer.steps, [&](std::int64_t t) { return 1.0 - layer.value(*keep, t, unit); });
  return text + " it forgets most at " + at_step(trace, loss.first) + ", where " + keep->key +
         " = " + format_fixed(layer.value(*keep, loss.first, unit), 2) + ".";
}

}  // namespace

std::string colour_class(const Signal& signal, double value, double scale) {
  if (std::isnan(value)) return "nan";
  if (signal.gate) {
    const double level = std::floor(std::clamp(value, 0.0, 1.0) * kSequentialColours);
    return "q" + std::to_string(std::min(kSequentialColours - 1, static_cast<int>(level)));
  }
  const double level =
      std::round((std::clamp(value / scale, -1.0, 1.0) + 1.0) / 2.0 * (kDivergingColours - 1));
  return "v" + std::to_string(static_cast<int>(level));
}

double colour_scale(const TracedLayer& layer, const Signal& signal) {
  std::vector<double> amounts;
  for (const std::size_t unit : layer.shown) {
    for (std::int64_t t = 0; t < layer.steps; ++t) {
      const double amount = std::abs(layer.value(signal, t, unit));
      if (std::isfinite(amount)) amounts.push_back(amount);
    }
  }
  if (amounts.empty()) return 1.0;
  const auto most = amounts.begin() + static_cast<std::ptrdiff_t>(amounts.size() * 9 / 10);
  std::ranges::nth_element(amounts, most);
  return std::max(1.0, *most);
}

StepAxis step_axis(const NetworkTrace& trace) {
  constexpr double kHalf = 510.0;  // two drawings beside each other
  constexpr double kWhole = 1150.0;
  StepAxis axis;
  axis.steps = static_cast<std::int64_t>(trace.symbols.size());
  const auto steps = static_cast<double>(std::max<std::int64_t>(axis.steps, 1));
  axis.cell =
      kHalf / steps >= 9.0 ? std::min(18.0, kHalf / steps) : std::clamp(kWhole / steps, 2.0, 14.0);
  return axis;
}

std::string visible(const std::string& symbol) {
  if (symbol == " ") return "␣";
  if (symbol == "\n") return "↵";
  if (symbol == "\t") return "⇥";
  return symbol;
}

void draw_symbols(Svg& svg, const NetworkTrace& trace, const StepAxis& axis, double y) {
  const bool each = trace.text && axis.cell >= kNarrow;
  const auto every = static_cast<std::int64_t>(std::ceil(36.0 / axis.cell));
  for (std::int64_t t = 0; t < axis.steps; ++t) {
    if (!each && t % every != 0) continue;
    const std::string text =
        each ? visible(trace.symbols[static_cast<std::size_t>(t)]) : std::to_string(t);
    svg.text(axis.x(t) + axis.cell / 2, y + 12, text, each ? "symbol" : "small", Anchor::middle);
  }
}

std::string signal_title(const Signal& signal) { return signal.title + " " + signal.key; }

std::string heat_maps(const NetworkTrace& trace, std::size_t layer) {
  const TracedLayer& traced = trace.layers[layer];
  std::string html = colour_key() + "<div class=\"maps\">\n";
  for (const Signal& signal : traced.signals) html += heat_map(trace, traced, signal);
  return html + "</div>\n";
}

std::string unit_walk(const NetworkTrace& trace, const TracedLayer& layer) {
  constexpr double kReach = 62.0;
  constexpr double kStrip = 13.0;
  const std::size_t unit = layer.featured;
  StepAxis axis = step_axis(trace);
  if (axis.cell * static_cast<double>(axis.steps) < 600.0) axis.cell *= 2.0;
  const Signal* c = layer.find("c");
  const Signal& h = *layer.find("h");
  double scale = 1.0;
  for (std::int64_t t = 0; t < layer.steps; ++t) {
    scale = std::max(scale, std::abs(layer.value(c == nullptr ? h : *c, t, unit)));
  }
  const double middle = 10.0 + kReach;
  const double bottom = middle + kReach + 8.0 + kStrip * static_cast<double>(layer.signals.size());
  Svg svg(axis.width() + 20, bottom + kSymbols, "Unit " + std::to_string(unit) + " step by step");
  svg.line(axis.left, middle, axis.width() - 6, middle, "grid");
  for (const double sign : {1.0, -1.0}) {
    svg.text(axis.left - 6, middle - sign * kReach + 4, format_fixed(sign * scale, 1),
             c == nullptr ? "small k-h" : "small k-c", Anchor::end);
    if (c != nullptr) {
      svg.text(axis.width() - 4, middle - sign * kReach + 4, format_fixed(sign, 0), "small k-h");
    }
  }
  svg.text(axis.left - 6, middle + 4, "0", "small", Anchor::end);
  if (c != nullptr) svg.add(curve(layer, *c, unit, axis, middle, kReach, scale));
  svg.add(curve(layer, h, unit, axis, middle, kReach, c == nullptr ? scale : 1.0));
  Mosaic mosaic;
  double y = middle + kReach + 8.0;
  for (const Signal& signal : layer.signals) {
    const double full = &signal == c ? scale : colour_scale(layer, signal);
    add_row(mosaic, layer, signal, unit, full, axis, y, kStrip - 2.0);
    svg.text(axis.left - 6, y + 9, signal.key, "dim", Anchor::end);
    y += kStrip;
  }
  svg.add(mosaic.str());
  draw_symbols(svg, trace, axis, bottom);
  const std::string key = c == nullptr
                              ? "<span class=\"k-h\">h</span>"
                              : "<span class=\"k-c\">c, the memory (left scale)</span> "
                                "<span class=\"k-h\">h, what is shown of it (right scale)</span>";
  return "<h3>One unit, step by step</h3>\n<p>" + escape(story(trace, layer, unit)) +
         "</p>\n<div class=\"keys\">" + key + "</div>\n<div class=\"scroll\">" + svg.str() +
         "</div>\n";
}

}  // namespace carousel::cli
