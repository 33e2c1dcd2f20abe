// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// Just enough SVG for our plots. Colours come from the page's style sheet by class, so that they
/// follow its light and dark modes.
namespace carousel::cli {

/// With &, <, >, " and ' as entities: safe in HTML text and attribute values.
[[nodiscard]] std::string escape(std::string_view text);

enum class Anchor { start, middle, end };

class Svg {
 public:
  /// `label` says in words what is drawn.
  Svg(double width, double height, std::string_view label);

  /// Texts given to any of these are escaped; `title` is shown when the pointer rests on it.
  void line(double x1, double y1, double x2, double y2, std::string_view css);
  void rect(double x, double y, double width, double height, std::string_view css,
            double opacity = 1, std::string_view title = {});
  void circle(double x, double y, double radius, std::string_view css, std::string_view title = {});
  void text(double x, double y, std::string_view content, std::string_view css = {},
            Anchor anchor = Anchor::start, double degrees = 0);

  /// Elements as they are.
  void add(const std::string& elements) { body_ += elements; }

  /// For a page of HTML.
  [[nodiscard]] std::string str() const { return body_ + "</svg>\n"; }
  /// For a file of its own, which needs a name space and, among its elements, a style.
  [[nodiscard]] std::string file() const;

 private:
  std::string body_;
};

/// Maps [low, high] logarithmically onto [from, to].
class LogScale {
 public:
  LogScale(double low, double high, double from, double to);
  [[nodiscard]] double operator()(double value) const;
  [[nodiscard]] double low() const noexcept { return low_; }
  [[nodiscard]] double high() const noexcept { return high_; }

 private:
  double low_;
  double high_;
  double from_;
  double per_octave_;
};

}  // namespace carousel::cli
