// SPDX-License-Identifier: Apache-2.0
// What more threads gain, shape by shape.
#include "../format.hpp"
#include "sections.hpp"
#include "svg.hpp"

#include <algorithm>
#include <optional>

namespace carousel::cli {
namespace {

constexpr double kLeft = 56;
constexpr double kStep = 26;
constexpr double kTop = 12;
constexpr double kBottom = 252;
constexpr double kHeight = 350;
constexpr double kLowest = 0.125;
constexpr double kHighest = 2.83;

std::optional<double> gain(const ReportData& data, const std::string& shape,
                           const std::string& backend, int threads) {
  const ReportMeasurement* one = data.find(shape, backend, 1);
  const ReportMeasurement* more = data.find(shape, backend, threads);
  if (one == nullptr || more == nullptr) return std::nullopt;
  return one->median / more->median;
}

void dot(Svg& svg, const ReportData& data, const LogScale& y, double x, const std::string& shape,
         const std::string& backend, int threads) {
  const auto value = gain(data, shape, backend, threads);
  if (!value) return;
  const ReportMeasurement& one = *data.find(shape, backend, threads);
  const double shown = std::clamp(*value, kLowest, kHighest);
  svg.circle(x, y(shown), 5, "dot " + backend_class(one.name()),
             shape + ", " + one.name() + ": " + format_fixed(*value, 2) + " times as fast with " +
                 format_threads(threads) +
                 (one.slow_state ? "\nmeasured while the machine was in a slow state" : ""));
}

std::string plot(const ReportData& data, int threads) {
  std::vector<const ReportShape*> shapes;
  for (const ReportShape& shape : data.shapes) {
    if (gain(data, shape.name, "xsimd", threads)) shapes.push_back(&shape);
  }
  if (shapes.empty()) return {};
  const double right = kLeft + kStep * static_cast<double>(shapes.size()) + 6;
  Svg svg(right + 4, kHeight, "Gain by " + format_threads(threads) + ", by shape");
  const LogScale y(kLowest, kHighest, kBottom, kTop);
  for (const double value : {0.125, 0.25, 0.5, 1.0, 2.0}) {
    svg.line(kLeft, y(value), right, y(value), value == 1 ? "limit" : "grid");
    svg.text(kLeft - 7, y(value) + 4,
             format_fixed(value, value < 0.2   ? 3
                                 : value < 0.5 ? 2
                                 : value < 1   ? 1
                                               : 0) +
                 " ×",
             "dim", Anchor::end);
  }
  double x = kLeft + kStep / 2;
  for (const ReportShape* shape : shapes) {
    const auto ours = gain(data, shape->name, "xsimd", threads);
    const auto theirs = gain(data, shape->name, "onednn", threads);
    if (ours && theirs) {
      svg.line(x, y(std::clamp(*ours, kLowest, kHighest)), x,
               y(std::clamp(*theirs, kLowest, kHighest)), "stem");
    }
    dot(svg, data, y, x, shape->name, "onnxruntime", threads);
    dot(svg, data, y, x, shape->name, "onednn", threads);
    dot(svg, data, y, x, shape->name, "xsimd", threads);
    svg.text(x + 3, kBottom + 14, shape->name, "dim", Anchor::end, -52);
    x += kStep;
  }
  return svg.str();
}

std::string key(const ReportData& data) {
  std::string html = "<div class=\"legend\">";
  for (const char* backend : {"xsimd", "onednn", "onnxruntime"}) {
    const auto found = std::ranges::find_if(data.measurements, [&](const ReportMeasurement& one) {
      return one.backend == backend && one.ran();
    });
    if (found == data.measurements.end()) continue;
    html += "<span><i class=\"" + backend_class(found->name()) + "\"></i>" + backend + "</span>";
  }
  return html + "</div>\n";
}

}  // namespace

std::string threads_section(const ReportData& data) {
  std::string html;
  for (const int threads : data.thread_counts()) {
    if (threads < 2) continue;
    const std::string drawn = plot(data, threads);
    if (drawn.empty()) continue;
    html += "<section><h2>What " + format_threads(threads) +
            " gain</h2>\n<p>Speed relative to one thread of the same backend; below 1, the further "
            "threads make it slower.</p>\n" +
            key(data) + drawn + "</section>\n";
  }
  return html;
}

}  // namespace carousel::cli
