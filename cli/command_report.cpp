// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "output_files.hpp"
#include "report/results_file.hpp"
#include "report/sections.hpp"

#include <carousel/error.hpp>

#include <filesystem>
#include <iostream>
#include <memory>

namespace carousel::cli {
namespace {

constexpr const char* kFooter =
    R"(The page is one file without scripts or outside resources: a heat map of xsimd against the best other
backend, a roofline plot, what two threads gain, the targets missed, and every figure as a bar.

--picture draws one figure besides, for a README: how many times as fast as ONNX Runtime and oneDNN, by hidden
size, with the machine and the date. It is for results of `carousel_bench --compare --peers`.

Examples:
  ./dev bench --quick
  carousel report build/bench/results.json
  carousel report results.json --output /tmp/report.html
  ./dev bench --compare --peers --threads 1 --shapes '*_b1,*_b16'
  carousel report build/bench/results.json --picture docs/speed.svg)";

struct ReportArguments {
  std::string input;
  std::string output;
  std::string picture;
};

int run(const ReportArguments& arguments) {
  const ReportData data = read_results(arguments.input);
  std::string output = arguments.output;
  if (output.empty()) {
    output = std::filesystem::path(arguments.input).replace_extension(".html").string();
    if (output == arguments.input)
      throw Error(ErrorCode::invalid_argument, output + ": is the input; give --output");
  }
  OutputFiles files;
  if (!arguments.picture.empty()) files.add_text(arguments.picture, speed_picture(data));
  files.add_text(output, report_page(data));
  files.write();
  if (!arguments.picture.empty()) std::cout << arguments.picture << '\n';
  std::cout << output << '\n';
  return kOk;
}

}  // namespace

Command report_command(Parser& app) {
  Parser command =
      app.add_subcommand("report", "Make an HTML page of what carousel_bench measured");
  auto arguments = std::make_shared<ReportArguments>();
  command.add_option("RESULTS", arguments->input, "JSON file written by carousel_bench").required();
  command.add_option("--output", arguments->output, "(default: RESULTS with the ending .html)");
  command.add_option("--picture", arguments->picture, "also an SVG of speed by hidden size")
      .type_name("FILE");
  command.footer(kFooter);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace carousel::cli
