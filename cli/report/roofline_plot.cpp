// SPDX-License-Identifier: Apache-2.0
// Every measurement against its arithmetic intensity, under the limits of this machine.
#include "../format.hpp"
#include "sections.hpp"
#include "svg.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::cli {
namespace {

constexpr double kWidth = 578;
constexpr double kHeight = 430;
constexpr double kLeft = 48;
constexpr double kRight = kWidth - 16;
constexpr double kTop = 14;
constexpr double kBottom = kHeight - 42;
constexpr double kLeastShown = 0.5;  // GFLOP/s; what is slower stands on the axis

double intensity(const ReportShape& shape) { return shape.flops / shape.bytes; }

struct Range {
  double low = 1e300;
  double high = 0;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

/// "1", "0.25", "512"
std::string tick_text(double value) {
  return format_fixed(value, value >= 1 ? 0 : value >= 0.5 ? 1 : 2);
}

/// Of a knee, the end of a level's slope.
struct Label {
  double x;
  double y;
  std::string text;
};

class RooflinePlot {
 public:
  RooflinePlot(const ReportData& data, int threads, Range x, Range y)
      : data_(data),
        threads_(threads),
        svg_(kWidth, kHeight, "Roofline plot, " + format_threads(threads)),
        x_(std::exp2(std::floor(std::log2(x.low / 1.2))), std::exp2(std::ceil(std::log2(x.high))),
           kLeft, kRight),
        y_(std::exp2(std::floor(std::log2(y.low))), std::exp2(std::ceil(std::log2(y.high * 1.1))),
           kBottom, kTop) {}

  std::string draw() {
    axes();
    limits();
    for (const bool major : {false, true}) dots(major);
    return "<div><h3>" + format_threads(threads_) + "</h3>\n" + svg_.str() + "</div>\n";
  }

 private:
  void axes() {
    for (double value = x_.low(); value <= x_.high() * 1.01; value *= 2) {
      svg_.line(x_(value), kTop, x_(value), kBottom, "grid");
      svg_.text(x_(value), kBottom + 17, tick_text(value), "dim", Anchor::middle);
    }
    for (double value = y_.low(); value <= y_.high() * 1.01; value *= 2) {
      svg_.line(kLeft, y_(value), kRight, y_(value), "grid");
      svg_.text(kLeft - 7, y_(value) + 4, tick_text(value), "dim", Anchor::end);
    }
    svg_.text((kLeft + kRight) / 2, kHeight - 6, "floating point operations per byte", "dim",
              Anchor::middle);
    svg_.text(13, (kTop + kBottom) / 2, "GFLOP/s", "dim", Anchor::middle, -90);
  }

  /// A slope for each memory level, cut at the frame, and the peak.
  void limits() {
    const double peak = data_.flops_per_second / 1e9 * threads_;
    for (const ReportLevel& level : data_.levels) {
      const double rate = level.bytes_per_second / 1e9 * threads_;
      const double from = std::max(x_.low(), y_.low() / rate);
      const double to = std::min({x_.high(), peak / rate, y_.high() / rate});
      if (from >= to) continue;
      svg_.line(x_(from), y_(from * rate), x_(to), y_(to * rate), "limit");
      add_label(x_(to), y_(to * rate), level.name + " " + format_fixed(rate, 0));
    }
    for (const Label& label : labels_) {
      constexpr double kSteep = -55;
      svg_.text(label.x + 2, label.y - 6, label.text + " GB/s", "small", Anchor::start, kSteep);
    }
    const double shown = std::min(peak, y_.high());
    svg_.line(x_(std::max(x_.low(), shown / fastest())), y_(shown), kRight, y_(shown), "limit");
    svg_.text(kRight - 4, y_(shown) - 6, format_fixed(peak, 0) + " GFLOP/s", "dim", Anchor::end);
  }

  /// Levels that are nearly the same share one.
  void add_label(double x, double y, const std::string& text) {
    constexpr double kLineHeight = 15;  // they stand steeply, side by side
    const bool apart =
        labels_.empty() || std::hypot(x - labels_.back().x, y - labels_.back().y) >= kLineHeight;
    if (apart) {
      labels_.push_back({x, y, text});
    } else {
      labels_.back().text += ", " + text;
    }
  }

  [[nodiscard]] double fastest() const {
    double rate = 1e-9;
    for (const ReportLevel& level : data_.levels) rate = std::max(rate, level.bytes_per_second);
    return rate / 1e9 * threads_;
  }

  void dots(bool major) {
    for (const ReportMeasurement& one : data_.measurements) {
      const bool is_major =
          one.backend == "xsimd" || one.backend == "onednn" || one.backend == "onnxruntime";
      if (one.threads != threads_ || !one.ran() || is_major != major) continue;
      const ReportShape& shape = *data_.shape(one.shape);
      svg_.circle(x_(intensity(shape)), y_(std::max(one.gflops, y_.low())), major ? 5 : 3.5,
                  "dot " + backend_class(one.name()) + (major ? "" : " minor"), title(one, shape));
    }
  }

  static std::string title(const ReportMeasurement& one, const ReportShape& shape) {
    return one.shape + " (" + shape.text() + ")\n" + one.name() + ", " +
           format_threads(one.threads) + ": " + format_time(one.median) + ", " +
           format_fixed(one.gflops, 1) + " GFLOP/s, " + format_percent(one.roofline) +
           " of the roofline";
  }

  const ReportData& data_;
  int threads_;
  Svg svg_;
  LogScale x_;
  LogScale y_;
  std::vector<Label> labels_;
};

}  // namespace

std::string roofline_section(const ReportData& data) {
  Range x;
  Range y;
  int most_threads = 1;
  for (const ReportMeasurement& one : data.measurements) {
    if (!one.ran()) continue;
    x.add(intensity(*data.shape(one.shape)));
    y.add(one.gflops);
    most_threads = std::max(most_threads, one.threads);
  }
  if (x.high == 0 || data.flops_per_second <= 0) return {};
  x.add(x.low * 2);
  y.add(data.flops_per_second / 1e9 * most_threads * 16);  // room for the labels
  y.low = std::max(y.low, kLeastShown);
  std::string html =
      "<section><h2>Roofline</h2>\n<p>Each dot is a shape on a backend; rest the pointer on it for "
      "its figures. Limits are this machine's own, medians of the same run. Bytes: recurrent "
      "weights once per step, the other weights, inputs and outputs once. Small networks whose "
      "weights stay in registers or L1 are bound by latency, not by these lines.</p>\n" +
      legend(data) + "<div class=\"plots\">\n";
  for (const int threads : data.thread_counts()) {
    html += RooflinePlot(data, threads, x, y).draw();
  }
  return html + "</div></section>\n";
}

}  // namespace carousel::cli
