// SPDX-License-Identifier: Apache-2.0
#include "trace_page.hpp"

#include <array>
#include <cmath>
#include <span>

namespace carousel::cli {
namespace {

using Rgb = std::array<double, 3>;

// From paper to ink, in lightness that falls (dark mode: rises) evenly.
constexpr std::array<Rgb, 4> kLightScale{
    {{239, 243, 248}, {158, 192, 232}, {58, 116, 190}, {12, 40, 92}}};
constexpr std::array<Rgb, 4> kDarkScale{
    {{36, 42, 51}, {38, 78, 130}, {76, 141, 219}, {205, 229, 255}}};
// Down, nothing, up.
constexpr std::array<Rgb, 5> kLightBoth{
    {{28, 78, 158}, {124, 168, 220}, {244, 245, 247}, {240, 170, 104}, {178, 72, 8}}};
constexpr std::array<Rgb, 5> kDarkBoth{
    {{132, 186, 255}, {52, 100, 168}, {38, 43, 51}, {168, 92, 30}, {255, 180, 104}}};

/// The colour at `part` (0 to 1) of the way along the stops.
std::string colour_at(std::span<const Rgb> stops, double part) {
  const double place = part * static_cast<double>(stops.size() - 1);
  const auto first =
      static_cast<std::size_t>(std::min(std::floor(place), static_cast<double>(stops.size() - 2)));
  const double rest = place - static_cast<double>(first);
  std::string text = "rgb(";
  for (std::size_t k = 0; k < 3; ++k) {
    const double value = stops[first][k] + rest * (stops[first + 1][k] - stops[first][k]);
    text += std::to_string(static_cast<int>(std::lround(value))) + (k < 2 ? "," : ")");
  }
  return text;
}

std::string classes(const char* prefix, int count, std::span<const Rgb> stops) {
  std::string css;
  for (int k = 0; k < count; ++k) {
    css += "." + std::string(prefix) + std::to_string(k) +
           "{fill:" + colour_at(stops, static_cast<double>(k) / (count - 1)) + "}";
  }
  return css + "\n";
}

constexpr const char* kLayout = R"css(
:root { --c: #b24808; --h: #1c4e9e; --bar: #3a74be; --mark: #b24808; }
@media (prefers-color-scheme: dark) { :root { --c: #ffb468; --h: #84baff; --bar: #4c8ddb; --mark: #ffb468; } }
h2 .dim { font-weight: 400; font-size: 14px; margin-left: 8px; }
h3 { margin-top: 18px; font-size: 14px; }
.read { font: 17px/1.5 Georgia, "DejaVu Serif", serif; color: var(--ink); margin-top: 8px; white-space: pre-wrap; }
.maps { display: flex; flex-wrap: wrap; gap: 14px 28px; }
figure { margin: 0; position: relative; max-width: 100%; overflow-x: auto; }
figcaption { font-size: 12.5px; color: var(--dim); max-width: 76ch; margin-bottom: 3px; }
figcaption b { color: var(--ink); font-size: 13px; margin-right: 6px; }
.scroll { overflow-x: auto; }
.stat { flex: 1 1 300px; } .stat p { font-size: 12.5px; } .stat td, .stat th { padding: 2px 8px; }
svg text.symbol { font: 11.5px ui-monospace, "DejaVu Sans Mono", monospace; fill: var(--ink); }
svg text.unit { font-size: 8.5px; fill: var(--dim); }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.curve-c { stroke: var(--c); } .curve-h { stroke: var(--h); }
.k-c, svg text.k-c { color: var(--c); fill: var(--c); } .k-h, svg text.k-h { color: var(--h); fill: var(--h); }
.keys { font-size: 13px; font-weight: 600; display: flex; gap: 18px; }
.bar { fill: var(--bar); } .nan { fill: var(--missed); }
.cursor { fill: none; stroke: var(--mark); stroke-width: 1.2; visibility: hidden; pointer-events: none; }
.map svg { cursor: crosshair; }
#tip { position: fixed; pointer-events: none; background: var(--ink); color: var(--page); padding: 4px 9px;
  border-radius: 6px; font-size: 12.5px; white-space: pre; z-index: 9; font-variant-numeric: tabular-nums; }
)css";

}  // namespace

std::string trace_style() {
  return kLayout + classes("q", kSequentialColours, kLightScale) +
         classes("v", kDivergingColours, kLightBoth) + "@media (prefers-color-scheme: dark) {\n" +
         classes("q", kSequentialColours, kDarkScale) + classes("v", kDivergingColours, kDarkBoth) +
         "}\n";
}

const char* const kTraceScript = R"js(
const tip = document.getElementById("tip");
const maps = [...document.querySelectorAll("figure.map")].map(figure => ({
  svg: figure.querySelector("svg"), cursor: figure.querySelector(".cursor"), key: figure.dataset.key,
  left: +figure.dataset.left, cell: +figure.dataset.cell, top: +figure.dataset.top, row: +figure.dataset.row,
  units: figure.dataset.units.split(","), values: figure.dataset.values.split(";").map(r => r.split(",")),
  section: figure.closest("section") }));
const symbols = JSON.parse(document.getElementById("symbols").textContent);
function leave() { tip.hidden = true; for (const m of maps) m.cursor.style.visibility = "hidden"; }
for (const map of maps) {
  map.svg.addEventListener("pointerleave", leave);
  map.svg.addEventListener("pointermove", event => {
    const box = map.svg.getBoundingClientRect(), view = map.svg.viewBox.baseVal;
    const x = (event.clientX - box.left) * view.width / box.width;
    const y = (event.clientY - box.top) * view.height / box.height;
    const step = Math.floor((x - map.left) / map.cell), row = Math.floor((y - map.top) / map.row);
    if (!(step >= 0 && step < symbols.length && row >= 0 && row < map.units.length)) return leave();
    const others = maps.filter(m => m.section === map.section)
      .map(m => m.key + " " + m.values[row][step]).join("   ");
    tip.textContent = "unit " + map.units[row] + ", step " + step + " " + symbols[step] + "\n" +
      map.key + " = " + map.values[row][step] + "\n" + others;
    tip.hidden = false;
    tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.max(8, event.clientY - tip.offsetHeight - 12) + "px";
    for (const m of maps) {
      m.cursor.setAttribute("x", m.left + step * m.cell);
      m.cursor.style.visibility = m.section === map.section ? "visible" : "hidden";
    }
  });
}
)js";

}  // namespace carousel::cli
