// SPDX-License-Identifier: Apache-2.0
#include "style.hpp"

namespace carousel::cli {
namespace {

constexpr const char* kColours = R"css(
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b1f24; --dim: #5d6673; --rule: #dfe3e8; --track: #eef0f3;
  --b-avx512: #2463d6; --b-avx2: #0f8f83; --b-sse2: #8a5cd6; --b-other: #b0457f;
  --b-onednn: #b8500b; --b-onnxruntime: #dbb02a; --b-scalar: #7a828e;
  --good: #2463d6; --bad: #d9480f; --met: #1a7f4b; --missed: #c0341d; --slow: #9a6700; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14171b; --card: #1c2026; --ink: #e7eaee; --dim: #9aa4b1; --rule: #323841; --track: #272c34;
  --b-avx512: #6ea0ff; --b-avx2: #3fc4b5; --b-sse2: #b493f5; --b-other: #e58bbb;
  --b-onednn: #e8853a; --b-onnxruntime: #f0dc6e; --b-scalar: #9aa3af;
  --good: #5b93ff; --bad: #ff7a45; --met: #4cc38a; --missed: #ff8069; --slow: #e2b340; } }
)css";

constexpr const char* kDrawing = R"css(
svg { display: block; } svg text { fill: var(--ink); font-size: 12px; }
svg text.dim { fill: var(--dim); font-size: 11.5px; } svg text.small { font-size: 10.5px; fill: var(--dim); }
svg text.cell { font-variant-numeric: tabular-nums; }
svg text.strong { font-weight: 650; } svg text.title { font-size: 17px; font-weight: 650; }
.grid { stroke: var(--rule); stroke-width: 1; } .limit { stroke: var(--dim); stroke-width: 1.5; }
.axis { stroke: var(--dim); stroke-width: 1; } .card { fill: var(--card); stroke: var(--rule); }
.dashed { stroke: var(--dim); stroke-width: 1; stroke-dasharray: 4 4; }
.stem { stroke: var(--dim); stroke-width: 1; opacity: .55; }
.dot { stroke: var(--card); stroke-width: 1; } .dot:hover { stroke: var(--ink); stroke-width: 2; }
.minor { opacity: .55; }
.b-avx512 { fill: var(--b-avx512); background: var(--b-avx512); }
.b-avx2 { fill: var(--b-avx2); background: var(--b-avx2); }
.b-sse2 { fill: var(--b-sse2); background: var(--b-sse2); }
.b-other { fill: var(--b-other); background: var(--b-other); }
.b-onednn { fill: var(--b-onednn); background: var(--b-onednn); }
.b-onnxruntime { fill: var(--b-onnxruntime); background: var(--b-onnxruntime); }
.b-scalar { fill: var(--b-scalar); background: var(--b-scalar); }
.heat-good { fill: var(--good); } .heat-bad { fill: var(--bad); } .heat-none { fill: var(--track); }
.heat-box { fill: none; stroke: var(--card); stroke-width: 2; }
.track { fill: var(--track); } .whisker { stroke: var(--ink); stroke-width: 1.25; }
.allowed { stroke: var(--missed); stroke-width: 2; } .least { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 2 2; }
)css";

constexpr const char* kPage = R"css(
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 14px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
main { max-width: 1280px; margin: 0 auto; padding: 28px 24px 60px; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 17px; margin: 0 0 2px; }
h3 { font-size: 13px; margin: 0 0 4px; font-weight: 600; }
p { margin: 0 0 10px; color: var(--dim); max-width: 92ch; }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px;
  padding: 18px 20px; margin-top: 18px; overflow-x: auto; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px;
  margin-top: 16px; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 14px; }
.tile b { display: block; font-size: 21px; white-space: nowrap; line-height: 1.25; font-weight: 650; }
.tile span { color: var(--dim); font-size: 12.5px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 18px; margin: 12px 0 0; }
dt { color: var(--dim); } dd { margin: 0; }
.plots { display: flex; flex-wrap: wrap; gap: 12px 30px; align-items: flex-start; margin-top: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 6px 0 10px; font-size: 13px; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 50%; margin-right: 6px;
  vertical-align: -1px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th { text-align: right; color: var(--dim); font-weight: 500; padding: 3px 10px; border-bottom: 1px solid var(--rule);
  white-space: nowrap; }
td { text-align: right; padding: 1px 10px; white-space: nowrap; }
th.left, td.left { text-align: left; } td.wrap { white-space: normal; min-width: 300px; }
tbody.shape tr:first-child td { border-top: 1px solid var(--rule); padding-top: 7px; }
tbody.shape tr:last-child td { padding-bottom: 7px; }
td.name b { font-size: 13.5px; } td.dim, .dim { color: var(--dim); }
td i { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 7px; }
.met { color: var(--met); } .missed { color: var(--missed); font-weight: 600; } .slow { color: var(--slow); }
footer { color: var(--dim); margin-top: 18px; font-size: 12.5px; }
)css";

}  // namespace

std::string page_start(const std::string& title, const std::string& more_style) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
         "name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         title + "</title>\n<style>" + kColours + kDrawing + kPage + more_style +
         "</style>\n</head>\n<body>\n<main>\n";
}

std::string picture_style() {
  return std::string("<style>") + kColours + kDrawing +
         "svg { font-family: system-ui, \"Segoe UI\", Roboto, \"Helvetica Neue\", \"DejaVu Sans\", "
         "sans-serif; }\n</style>\n";
}

}  // namespace carousel::cli
