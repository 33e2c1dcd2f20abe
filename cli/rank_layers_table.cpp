// SPDX-License-Identifier: Apache-2.0
#include "rank_layers_table.hpp"

#include "format.hpp"

#include <utility>

namespace carousel::cli {
namespace {

constexpr std::size_t kNameWidth = 28;
constexpr std::size_t kShareWidth = 6;

TableCell time_cell(double seconds, double whole) {
  const double share = whole > 0 ? seconds / whole : 0;
  std::string percent = format_percent(share);
  percent.insert(0, kShareWidth - std::min(kShareWidth, display_width(percent)), ' ');
  return {format_time(seconds) + ' ' + percent,
          Json{{"seconds_per_step", seconds}, {"share", share}}};
}

}  // namespace

Table layers_table(const LayersReport& report, bool sums) {
  std::vector<Column> columns{
      {"layer", "layer", Align::left}, {"kind", "kind", Align::left}, {"description", ""}};
  for (const std::string& backend : report.backends) columns.push_back({backend, backend});
  Table table(std::move(columns));
  for (const LayerShare& layer : report.layers) {
    std::vector<TableCell> row{
        {shorten(layer.layer, kNameWidth), layer.layer}, layer.kind, layer.description};
    for (std::size_t k = 0; k < report.backends.size(); ++k) {
      row.push_back(time_cell(layer.seconds[k], report.whole(k)));
    }
    table.add(std::move(row));
  }
  if (!sums) return table;
  std::vector<TableCell> row{std::string("all"), std::string(), std::string()};
  for (std::size_t k = 0; k < report.backends.size(); ++k) {
    row.push_back(time_cell(report.whole(k), report.whole(k)));
  }
  table.add(std::move(row));
  return table;
}

}  // namespace carousel::cli
