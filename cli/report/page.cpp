// SPDX-License-Identifier: Apache-2.0
#include "../format.hpp"
#include "sections.hpp"
#include "style.hpp"
#include "svg.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::cli {
namespace {

std::string tile(const std::string& value, const std::string& label) {
  return "<div class=\"tile\"><b>" + escape(value) + "</b><span>" + escape(label) +
         "</span></div>\n";
}

std::string entry(const std::string& name, const std::string& value) {
  return "<dt>" + escape(name) + "</dt><dd>" + escape(value) + "</dd>\n";
}

/// Geometric mean of xsimd's ratios with `threads`; 0 when there are none.
double mean_ratio(const ReportData& data, int threads) {
  double sum = 0;
  int count = 0;
  for (const ReportShape& shape : data.shapes) {
    if (const auto ratio = data.ratio(shape.name, threads)) {
      sum += std::log(*ratio);
      ++count;
    }
  }
  return count == 0 ? 0 : std::exp(sum / count);
}

/// The best sample of the peak; files of older benchmarks do not have it.
std::string best_text(const ReportData& data) {
  return data.peak_best > 0 ? "; at best " + format_fixed(data.peak_best / 1e9, 0) : "";
}

std::string tiles(const ReportData& data) {
  std::string html = "<div class=\"tiles\">\n";
  const auto judged = std::ranges::count_if(
      data.targets, [](const ReportTarget& target) { return !target.criteria.empty(); });
  const auto missed =
      std::ranges::count_if(data.targets, [](const ReportTarget& target) { return !target.met(); });
  if (judged > 0) {
    html += tile(std::to_string(judged - missed) + " of " + std::to_string(judged), "targets met");
  }
  for (const int threads : data.thread_counts()) {
    const double ratio = mean_ratio(data, threads);
    if (ratio == 0) continue;
    html += tile(format_fixed(ratio, 2) + " ×",
                 "time of the best other engine, " + format_threads(threads) + " (geometric mean)");
  }
  if (data.flops_per_second > 0) {
    html += tile(format_fixed(data.flops_per_second / 1e9, 0) + " GFLOP/s",
                 "peak of one core (" + data.roofline_isa + "), median" + best_text(data));
  }
  return html + "</div>\n";
}

/// "L1 200, L2 112, DRAM 25 GB/s"
std::string read_rates(const ReportData& data) {
  std::string text;
  for (const ReportLevel& level : data.levels) {
    text += (text.empty() ? "" : ", ") + level.name + " " +
            format_fixed(level.bytes_per_second / 1e9, 0);
  }
  return text + " GB/s by one core";
}

std::string time_text(double seconds) {
  return seconds < 120 ? format_fixed(seconds, 0) + " s" : format_fixed(seconds / 60, 1) + " min";
}

std::string demand_list(const ReportTarget& target) {
  std::string html;
  for (const ReportCriterion& criterion : target.criteria) {
    if (criterion.met) continue;
    html += (html.empty() ? "" : "; ") + escape(criterion.text) + " (" +
            format_time(criterion.seconds) + ", took " +
            format_fixed(target.xsimd / criterion.seconds, 2) + " × that" +
            (criterion.seconds < target.roofline_seconds
                 ? ", the roofline " + format_time(target.roofline_seconds)
                 : "") +
            ")";
  }
  return html;
}

}  // namespace

std::string backend_class(const std::string& id) {
  for (const char* known : {"avx512", "avx2", "sse2", "onednn", "onnxruntime", "scalar"}) {
    if (id.find(known) != std::string::npos) return std::string("b-") + known;
  }
  return "b-other";
}

std::string legend(const ReportData& data) {
  std::vector<std::string> names;
  for (const ReportMeasurement& one : data.measurements) {
    if (one.ran() && std::ranges::find(names, one.name()) == names.end()) {
      names.push_back(one.name());
    }
  }
  std::string html = "<div class=\"legend\">";
  for (const std::string& name : names) {
    html += "<span><i class=\"" + backend_class(name) + "\"></i>" + escape(name) + "</span>";
  }
  return html + "</div>\n";
}

std::string header_section(const ReportData& data) {
  std::string html = "<h1>Carousel benchmark</h1>\n<p>" + escape(data.cpu) + ", " +
                     std::to_string(data.cores) + (data.cores == 1 ? " core" : " cores") + "; " +
                     escape(data.created) + "; " + escape(data.mode) + " run of " +
                     time_text(data.seconds) + "</p>\n" + tiles(data) +
                     "<section><h2>Machine and "
                     "versions</h2>\n<dl>\n";
  html += entry("System", data.system + ", " + format_bytes(data.memory_bytes) + " memory");
  html += entry("Caches", "L1d " + format_bytes(data.l1d_bytes) + " and L2 " +
                              format_bytes(data.l2_bytes) + " per core, L3 " +
                              format_bytes(data.l3_bytes));
  if (!data.levels.empty()) html += entry("Reads", read_rates(data));
  for (const auto& [name, version] : data.versions) html += entry(name, version);
  return html + "</dl></section>\n";
}

std::string missed_section(const ReportData& data) {
  std::string rows;
  for (const ReportTarget& target : data.targets) {
    if (target.met()) continue;
    rows += "<tr><td class=\"left\">" + escape(target.shape) + "</td><td>" +
            std::to_string(target.threads) + "</td><td>" + format_time(target.xsimd) +
            "</td><td class=\"left wrap\">" + demand_list(target) + "</td></tr>\n";
  }
  if (rows.empty()) return {};
  return "<section><h2>Targets missed</h2>\n<table><thead><tr><th class=\"left\">shape</th>"
         "<th>threads</th><th>xsimd</th><th class=\"left\">demands not met</th></tr></thead>"
         "<tbody>\n" +
         rows + "</tbody></table></section>\n";
}

std::string extras_section(const ReportData& data) {
  std::string html;
  if (!data.lengths.empty()) {
    html +=
        "<section><h2>Variable lengths</h2>\n<p>Lengths uniform in 1..T against all rows padded to "
        "T.</p>\n<table><thead><tr><th class=\"left\">shape</th><th>threads</th><th "
        "class=\"left\">backend</th><th>padded</th><th>variable</th><th>ratio</th><th>real "
        "steps</th></tr></thead><tbody>\n";
    for (const ReportLengths& one : data.lengths) {
      html += "<tr><td class=\"left\">" + escape(one.shape) + "</td><td>" +
              std::to_string(one.threads) + "</td><td class=\"left\">" + escape(one.backend) +
              "</td><td>" + format_time(one.padded) + "</td><td>" + format_time(one.variable) +
              "</td><td>" + format_fixed(one.variable / one.padded, 2) + "</td><td>" +
              format_percent(one.share_of_steps) + "</td></tr>\n";
    }
    html += "</tbody></table></section>\n";
  }
  if (!data.prepare.empty()) {
    html +=
        "<section><h2>Before and between runs</h2>\n<table><thead><tr><th "
        "class=\"left\">backend</th><th>prepare, hidden 1024</th><th>÷ memcpy</th><th>first run, "
        "hidden 128</th><th>÷ hundredth</th><th>stream</th><th>idle CPU</th></tr></thead><tbody>\n";
    for (const ReportPrepare& one : data.prepare) {
      html += "<tr><td class=\"left\">" + escape(one.backend) + "</td><td>" +
              format_time(one.prepare_seconds) + "</td><td>" +
              format_fixed(one.prepare_seconds / one.memcpy_seconds, 1) + "</td><td>" +
              format_time(one.first_run) + "</td><td>" +
              format_fixed(one.first_run / one.hundredth_run, 2) + "</td><td>" +
              format_bytes(one.stream_bytes) + "</td><td>" + format_percent(one.idle_cpu_share) +
              "</td></tr>\n";
    }
    html += "</tbody></table></section>\n";
  }
  return html;
}

std::string report_page(const ReportData& data) {
  return page_start("Carousel benchmark") + header_section(data) + heat_map_section(data) +
         roofline_section(data) + threads_section(data) + missed_section(data) +
         shapes_section(data) + extras_section(data) +
         "<footer>Compare within one run only: absolute times drift on shared machines. Made by "
         "carousel report.</footer>\n</main>\n</body>\n</html>\n";
}

}  // namespace carousel::cli
