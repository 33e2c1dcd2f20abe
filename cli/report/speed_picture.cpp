// SPDX-License-Identifier: Apache-2.0
// The picture of the README: bars by hidden size, a panel for one sequence and one for a batch.
#include "../format.hpp"
#include "sections.hpp"
#include "style.hpp"
#include "svg.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace carousel::cli {
namespace {

struct Rival {
  const char* backend;
  const char* name;
};
constexpr std::array kRivals{Rival{"onnxruntime", "ONNX Runtime"}, Rival{"onednn", "oneDNN"}};
constexpr std::array<std::int64_t, 2> kBatches{1, 16};

constexpr double kPictureWidth = 840;
constexpr double kPictureHeight = 336;
constexpr double kPanelWidth = 372;
constexpr double kFirstPanel = 48;
constexpr double kPanelDistance = 408;
constexpr double kBarsTop = 116;
constexpr double kBarsBottom = 262;
constexpr double kBarWidth = 17;

/// A shape of the picture with xsimd's speed relative to each rival; 0: not measured.
struct Group {
  std::int64_t hidden = 0;
  std::string shape{};
  std::array<double, kRivals.size()> gains{};
};

using Panel = std::vector<Group>;
using Panels = std::array<Panel, kBatches.size()>;

double gain_over(const ReportData& data, const std::string& shape, const char* backend) {
  const ReportMeasurement* ours = data.find(shape, "xsimd", 1);
  const ReportMeasurement* theirs = data.find(shape, backend, 1);
  const bool both = ours != nullptr && theirs != nullptr && ours->agrees && theirs->agrees;
  return both ? theirs->median / ours->median : 0;
}

Panel panel_of(const ReportData& data, std::int64_t batch) {
  Panel panel;
  for (const ReportShape& shape : data.shapes) {
    if (!shape.square() || shape.batch != batch) continue;
    Group group{.hidden = shape.hidden, .shape = shape.name};
    for (std::size_t k = 0; k < kRivals.size(); ++k) {
      group.gains[k] = gain_over(data, shape.name, kRivals[k].backend);
    }
    if (*std::ranges::max_element(group.gains) > 0) panel.push_back(group);
  }
  std::ranges::sort(panel, {}, &Group::hidden);
  return panel;
}

double largest_gain(const Panels& panels) {
  double largest = 1;
  for (const Panel& panel : panels) {
    for (const Group& group : panel) {
      largest = std::max(largest, *std::ranges::max_element(group.gains));
    }
  }
  return largest;
}

/// From 0 upwards, in pixels, with room for a figure above the highest bar.
class Height {
 public:
  explicit Height(double largest) : top_(std::ceil(largest + 0.5)) {}
  [[nodiscard]] double top() const noexcept { return top_; }
  [[nodiscard]] double operator()(double gain) const noexcept {
    return kBarsBottom - gain / top_ * (kBarsBottom - kBarsTop);
  }

 private:
  double top_;
};

void draw_grid(Svg& svg, const Height& y, double left) {
  const double step = std::ceil(y.top() / 6);
  for (double gain = 0; gain <= y.top(); gain += step) {
    svg.line(left, y(gain), left + kPanelWidth, y(gain), gain == 0 ? "axis" : "grid");
    svg.text(left - 7, y(gain) + 4, format_fixed(gain, 0) + " ×", "dim", Anchor::end);
  }
  svg.line(left, y(1), left + kPanelWidth, y(1), "dashed");
  if (step > 1) svg.text(left - 7, y(1) + 4, "1 ×", "dim", Anchor::end);
}

void draw_bar(Svg& svg, const Height& y, double x, const Group& group, std::size_t rival) {
  const double gain = group.gains[rival];
  if (gain == 0) return;
  const std::string name = kRivals[rival].name;
  svg.rect(x, y(gain), kBarWidth, kBarsBottom - y(gain), backend_class(kRivals[rival].backend), 1,
           group.shape + ": " + format_fixed(gain, 2) + " times as fast as " + name);
  svg.text(x + kBarWidth / 2, y(gain) - 4, format_fixed(gain, 1), "small", Anchor::middle);
}

void draw_panel(Svg& svg, const Height& y, double left, std::int64_t batch, const Panel& panel) {
  svg.text(left, kBarsTop - 14,
           batch == 1 ? "one sequence" : std::to_string(batch) + " sequences at once", "strong");
  draw_grid(svg, y, left);
  const double step = kPanelWidth / static_cast<double>(panel.size());
  double middle = left + step / 2;
  for (const Group& group : panel) {
    for (std::size_t k = 0; k < kRivals.size(); ++k) {
      draw_bar(svg, y, middle + (static_cast<double>(k) - 1) * (kBarWidth + 1), group, k);
    }
    svg.text(middle, kBarsBottom + 17, std::to_string(group.hidden), {}, Anchor::middle);
    middle += step;
  }
  svg.text(left + kPanelWidth / 2, kBarsBottom + 35, "hidden units", "dim", Anchor::middle);
}

std::string version_of(const ReportData& data, const std::string& part) {
  const auto found =
      std::ranges::find(data.versions, part, &std::pair<std::string, std::string>::first);
  if (found == data.versions.end()) return part;
  const std::string text = found->second.substr(0, found->second.find_first_of(",;("));
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

/// Over all bars; 0 where there is none.
double geometric_mean(const Panels& panels, std::size_t rival) {
  double sum = 0;
  int count = 0;
  for (const Panel& panel : panels) {
    for (const Group& group : panel) {
      if (group.gains[rival] == 0) continue;
      sum += std::log(group.gains[rival]);
      ++count;
    }
  }
  return count == 0 ? 0 : std::exp(sum / count);
}

void draw_legend(Svg& svg, const ReportData& data, const Panels& panels) {
  double x = kFirstPanel;
  for (std::size_t k = 0; k < kRivals.size(); ++k) {
    const double mean = geometric_mean(panels, k);
    if (mean == 0) continue;
    svg.rect(x, 59, 12, 12, backend_class(kRivals[k].backend));
    svg.text(x + 18, 69.5,
             "as " + version_of(data, kRivals[k].backend) +
                 " (geometric mean: " + format_fixed(mean, 2) + ")");
    x += 330;
  }
}

/// "AMD EPYC, xsimd:avx512; float32, one thread; 2026-11-30; Carousel 0.2.0"
std::string source_text(const ReportData& data, const std::string& shape) {
  return data.cpu + ", " + data.find(shape, "xsimd", 1)->name() + "; float32, one thread; " +
         data.created.substr(0, 10) + "; Carousel " + version_of(data, "Carousel");
}

}  // namespace

std::string speed_picture(const ReportData& data) {
  Panels panels;
  for (std::size_t k = 0; k < panels.size(); ++k) panels[k] = panel_of(data, kBatches[k]);
  if (std::ranges::all_of(panels, &Panel::empty)) {
    throw Error(
        ErrorCode::invalid_argument,
        "the picture needs xsimd and ONNX Runtime or oneDNN with one thread on shapes of "
        "batch 1 or 16 with as many inputs as hidden units: carousel_bench --compare --peers");
  }
  const Height y(largest_gain(panels));
  Svg svg(kPictureWidth, kPictureHeight,
          "How many times as fast Carousel is as ONNX Runtime and oneDNN, by hidden units");
  svg.add(picture_style());
  svg.rect(0.5, 0.5, kPictureWidth - 1, kPictureHeight - 1, "card");
  svg.text(kFirstPanel, 30, "How many times as fast Carousel is on LSTM layers", "title");
  svg.text(kFirstPanel, 49, "above the dashed line it is the faster one", "dim");
  draw_legend(svg, data, panels);
  double left = kFirstPanel;
  std::string shape;
  for (std::size_t k = 0; k < panels.size(); ++k) {
    if (panels[k].empty()) continue;
    draw_panel(svg, y, left, kBatches[k], panels[k]);
    shape = panels[k].front().shape;
    left += kPanelDistance;
  }
  svg.text(kFirstPanel, kPictureHeight - 14, source_text(data, shape), "small");
  return svg.file();
}

}  // namespace carousel::cli
