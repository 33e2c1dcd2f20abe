// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "trace_data.hpp"

#include <string>
#include <vector>

/// The page that shows a trace, and its parts: fragments of HTML, empty where there is nothing to
/// show.
namespace carousel::cli {

/// One file without scripts or fonts from elsewhere.
[[nodiscard]] std::string trace_page(const NetworkTrace& trace,
                                     const std::vector<BackendDifference>& differences);

/// Style and script of the page, without their elements.
[[nodiscard]] std::string trace_style();
extern const char* const kTraceScript;

/// Colours that values are drawn in, as classes of the style sheet: "q0", ... for 0 to 1, "v0", ...
/// for -1 to 1.
inline constexpr int kSequentialColours = 16;
inline constexpr int kDivergingColours = 17;
[[nodiscard]] std::string colour_class(const Signal& signal, double value, double scale);
/// From where on values are drawn in the strongest colour: 1, or where more than a tenth of the
/// shown ones are larger, what nine tenths do not exceed.
[[nodiscard]] double colour_scale(const TracedLayer& layer, const Signal& signal);

/// Where steps are, in every drawing of a page.
struct StepAxis {
  double left = 58.0;  ///< room for the names of units
  double cell = 12.0;  ///< width of a step
  std::int64_t steps = 0;
  [[nodiscard]] double width() const { return left + cell * static_cast<double>(steps) + 6.0; }
  [[nodiscard]] double x(std::int64_t step) const {
    return left + cell * static_cast<double>(step);
  }
};
[[nodiscard]] StepAxis step_axis(const NetworkTrace& trace);

/// "f" -> "forget gate f"
[[nodiscard]] std::string signal_title(const Signal& signal);

/// Heat maps of every signal over the shown units.
[[nodiscard]] std::string heat_maps(const NetworkTrace& trace, std::size_t layer);
/// One unit's state and gates, step by step.
[[nodiscard]] std::string unit_walk(const NetworkTrace& trace, const TracedLayer& layer);
[[nodiscard]] std::string keep_histogram(const TracedLayer& layer);
[[nodiscard]] std::string saturation_table(const TracedLayer& layer);
[[nodiscard]] std::string memory_table(const NetworkTrace& trace, const TracedLayer& layer);
[[nodiscard]] std::string difference_section(const NetworkTrace& trace,
                                             const BackendDifference& difference);

/// The symbols of the steps under a drawing whose bottom is at `y`.
class Svg;
void draw_symbols(Svg& svg, const NetworkTrace& trace, const StepAxis& axis, double y);
/// A symbol as people see it: a space and a line break too.
[[nodiscard]] std::string visible(const std::string& symbol);
/// "35 steps"; of an infinite one "without end".
[[nodiscard]] std::string time_constant_text(double steps);

}  // namespace carousel::cli
