// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "results_file.hpp"

#include <string>

/// The parts of the page, each a fragment of HTML; empty when the results have nothing for it.
namespace carousel::cli {

[[nodiscard]] std::string header_section(const ReportData& data);
[[nodiscard]] std::string roofline_section(const ReportData& data);
[[nodiscard]] std::string heat_map_section(const ReportData& data);
[[nodiscard]] std::string threads_section(const ReportData& data);
[[nodiscard]] std::string missed_section(const ReportData& data);
[[nodiscard]] std::string shapes_section(const ReportData& data);
[[nodiscard]] std::string extras_section(const ReportData& data);

/// The whole page, which needs nothing else.
[[nodiscard]] std::string report_page(const ReportData& data);

/// How many times as fast as ONNX Runtime and oneDNN, by hidden size, one thread: SVG for a file of
/// its own. Throws Error where nothing of that was measured.
[[nodiscard]] std::string speed_picture(const ReportData& data);

/// The style class of a backend's colour: the same everywhere.
[[nodiscard]] std::string backend_class(const std::string& id);
/// Names of backends with their colours, in the order in which they were measured.
[[nodiscard]] std::string legend(const ReportData& data);

}  // namespace carousel::cli
