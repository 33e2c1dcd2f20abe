// SPDX-License-Identifier: Apache-2.0
#include "svg.hpp"

#include "../format.hpp"

#include <cmath>

namespace carousel::cli {
namespace {

std::string attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + format_fixed(value, 1) + "\"";
}

std::string css_class(std::string_view css) {
  return css.empty() ? "" : " class=\"" + escape(css) + "\"";
}

std::string close_with_title(std::string_view element, std::string_view title) {
  if (title.empty()) return "/>\n";
  return "><title>" + escape(title) + "</title></" + std::string(element) + ">\n";
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

Svg::Svg(double width, double height, std::string_view label) {
  const std::string w = format_fixed(width, 0);
  const std::string h = format_fixed(height, 0);
  body_ = "<svg viewBox=\"0 0 " + w + " " + h + "\" width=\"" + w + "\" height=\"" + h +
          "\" role=\"img\" aria-label=\"" + escape(label) + "\">\n";
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view css) {
  body_ += "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
           attribute("y2", y2) + css_class(css) + "/>\n";
}

void Svg::rect(double x, double y, double width, double height, std::string_view css,
               double opacity, std::string_view title) {
  body_ += "<rect" + attribute("x", x) + attribute("y", y) + attribute("width", width) +
           attribute("height", height) + css_class(css);
  if (opacity < 1) body_ += " fill-opacity=\"" + format_fixed(opacity, 2) + "\"";
  body_ += close_with_title("rect", title);
}

void Svg::circle(double x, double y, double radius, std::string_view css, std::string_view title) {
  body_ += "<circle" + attribute("cx", x) + attribute("cy", y) + attribute("r", radius) +
           css_class(css) + close_with_title("circle", title);
}

void Svg::text(double x, double y, std::string_view content, std::string_view css, Anchor anchor,
               double degrees) {
  body_ += "<text" + attribute("x", x) + attribute("y", y) + css_class(css);
  if (anchor == Anchor::middle) body_ += " text-anchor=\"middle\"";
  if (anchor == Anchor::end) body_ += " text-anchor=\"end\"";
  if (degrees != 0) {
    body_ += " transform=\"rotate(" + format_fixed(degrees, 0) + " " + format_fixed(x, 1) + " " +
             format_fixed(y, 1) + ")\"";
  }
  body_ += ">" + escape(content) + "</text>\n";
}

std::string Svg::file() const {
  constexpr std::string_view kElement = "<svg";
  return std::string(kElement) + " xmlns=\"http://www.w3.org/2000/svg\"" +
         str().substr(kElement.size());
}

LogScale::LogScale(double low, double high, double from, double to)
    : low_(low), high_(high), from_(from), per_octave_((to - from) / std::log2(high / low)) {}

double LogScale::operator()(double value) const {
  return from_ + std::log2(value / low_) * per_octave_;
}

}  // namespace carousel::cli
