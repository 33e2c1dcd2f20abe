// SPDX-License-Identifier: Apache-2.0
// xsimd against the best other engine: hidden size by batch, and the named shapes beside it.
#include "../format.hpp"
#include "sections.hpp"
#include "svg.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace carousel::cli {
namespace {

constexpr double kCellWidth = 62;
constexpr double kCellHeight = 32;
constexpr double kTop = 40;
constexpr double kFullColour = 1.0;  // |log2 ratio| from which on the colour is at its strongest
constexpr double kFaintest = 0.06;

std::string title(const ReportData& data, const ReportShape& shape, int threads, double ratio) {
  const ReportMeasurement* ours = data.find(shape.name, "xsimd", threads);
  return shape.name + " (" + shape.text() + "), " + format_threads(threads) + "\nxsimd " +
         format_time(ours->median) + ", " + format_fixed(ratio, 3) + " times the best other engine";
}

void cell(Svg& svg, double x, double y, const ReportData& data, const ReportShape* shape,
          int threads) {
  const auto ratio = shape == nullptr ? std::nullopt : data.ratio(shape->name, threads);
  if (!ratio) {
    svg.rect(x, y, kCellWidth, kCellHeight, "heat-none");
  } else {
    const double strength =
        kFaintest + (0.85 - kFaintest) * std::min(1.0, std::fabs(std::log2(*ratio)) / kFullColour);
    svg.rect(x, y, kCellWidth, kCellHeight, *ratio <= 1 ? "heat-good" : "heat-bad", strength,
             title(data, *shape, threads, *ratio));
    svg.text(x + kCellWidth / 2, y + kCellHeight / 2 + 4, format_fixed(*ratio, 2), "cell",
             Anchor::middle);
  }
  svg.rect(x, y, kCellWidth, kCellHeight, "heat-box");
}

const ReportShape* square_shape(const ReportData& data, std::int64_t hidden, std::int64_t batch) {
  const auto found = std::ranges::find_if(data.shapes, [&](const ReportShape& shape) {
    return shape.square() && shape.hidden == hidden && shape.batch == batch;
  });
  return found == data.shapes.end() ? nullptr : &*found;
}

std::string square_map(const ReportData& data, int threads) {
  constexpr double kLeft = 64;
  std::set<std::int64_t> hidden;
  std::set<std::int64_t> batches;
  for (const ReportShape& shape : data.shapes) {
    if (!shape.square()) continue;
    hidden.insert(shape.hidden);
    batches.insert(shape.batch);
  }
  if (hidden.empty()) return {};
  Svg svg(kLeft + kCellWidth * static_cast<double>(batches.size()) + 8,
          kTop + kCellHeight * static_cast<double>(hidden.size()) + 8,
          "Ratio by hidden size and batch, " + format_threads(threads));
  svg.text(kLeft - 10, 30, "hidden", "dim", Anchor::end);
  double x = kLeft;
  for (const std::int64_t batch : batches) {
    svg.text(x + kCellWidth / 2, 30, (x == kLeft ? "batch " : "") + std::to_string(batch), "dim",
             Anchor::middle);
    double y = kTop;
    for (const std::int64_t size : hidden) {
      if (x == kLeft) svg.text(kLeft - 10, y + 20, std::to_string(size), {}, Anchor::end);
      cell(svg, x, y, data, square_shape(data, size, batch), threads);
      y += kCellHeight;
    }
    x += kCellWidth;
  }
  return "<div><h3>" + format_threads(threads) + "</h3>\n" + svg.str() + "</div>\n";
}

std::string named_map(const ReportData& data) {
  constexpr double kLeft = 112;
  const std::vector<int> threads = data.thread_counts();
  std::vector<const ReportShape*> named;
  for (const ReportShape& shape : data.shapes) {
    if (!shape.square()) named.push_back(&shape);
  }
  if (named.empty()) return {};
  Svg svg(kLeft + kCellWidth * static_cast<double>(threads.size()) + 8,
          kTop + kCellHeight * static_cast<double>(named.size()) + 8, "Ratio of the other shapes");
  double x = kLeft;
  for (const int count : threads) {
    svg.text(x + kCellWidth / 2, 30, format_threads(count), "dim", Anchor::middle);
    double y = kTop;
    for (const ReportShape* shape : named) {
      if (x == kLeft) svg.text(kLeft - 10, y + 20, shape->name, {}, Anchor::end);
      cell(svg, x, y, data, shape, count);
      y += kCellHeight;
    }
    x += kCellWidth;
  }
  return "<div><h3>other shapes</h3>\n" + svg.str() + "</div>\n";
}

std::string colour_key() {
  Svg svg(330, 22, "Colours: blue where xsimd is faster, orange where it is slower");
  const double from = 84;
  for (int i = 0; i < 17; ++i) {
    const double octaves = (i - 8) / 8.0;
    svg.rect(from + i * 9.0, 4, 9, 13, octaves <= 0 ? "heat-good" : "heat-bad",
             kFaintest + (0.85 - kFaintest) * std::fabs(octaves));
  }
  svg.text(from - 8, 15, "twice as fast", "dim", Anchor::end);
  svg.text(from + 17 * 9 + 8, 15, "half as fast", "dim");
  return svg.str();
}

}  // namespace

std::string heat_map_section(const ReportData& data) {
  const bool any = std::ranges::any_of(data.measurements, [&](const ReportMeasurement& one) {
    return data.ratio(one.shape, one.threads).has_value();
  });
  if (!any) return {};
  std::string html =
      "<section><h2>xsimd against the best other engine</h2>\n<p>Time of xsimd divided by that of "
      "the fastest other engine in this process: below 1, xsimd is faster.</p>\n" +
      colour_key() + "<div class=\"plots\">\n";
  for (const int threads : data.thread_counts()) html += square_map(data, threads);
  return html + named_map(data) + "</div></section>\n";
}

}  // namespace carousel::cli
