// SPDX-License-Identifier: Apache-2.0
#include "shapes.hpp"

#include "embedded.hpp"

#include <csv.hpp>
#include <shapes_file.hpp>

#include <carousel/error.hpp>

#include <algorithm>

namespace carousel::bench {
namespace {

constexpr std::uint64_t kSeed = 1;

/// One '*' in `pattern` stands for anything.
bool matches(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  const std::string_view begin = pattern.substr(0, star);
  const std::string_view end = pattern.substr(star + 1);
  return name.size() >= begin.size() + end.size() && name.starts_with(begin) && name.ends_with(end);
}

std::optional<double> seconds(const cli::Csv& csv, std::size_t row, std::string_view column) {
  const auto microseconds = csv.number(row, column);
  return microseconds ? std::optional(*microseconds * 1e-6) : std::nullopt;
}

cli::Shape cli_shape(const Shape& shape) {
  return {.input = shape.input,
          .hidden = shape.hidden,
          .steps = shape.steps,
          .batch = shape.batch,
          .layers = shape.layers,
          .bidirectional = shape.bidirectional,
          .proj = 0,
          .cell = shape.cell};
}

[[noreturn]] void refuse_name(const std::string& pattern) {
  std::string names;
  for (const Shape& shape : all_shapes()) names += " " + shape.name;
  throw Error(ErrorCode::invalid_argument, "no shape '" + pattern + "'; there are" + names);
}

}  // namespace

std::vector<RecurrentSpec> Shape::specs() const {
  std::vector<RecurrentSpec> specs = cli::layer_specs(cli_shape(*this));
  for (RecurrentSpec& spec : specs) spec.linear_before_reset = linear_before_reset;
  return specs;
}

Model Shape::random_model() const {
  Model model = cli::random_model(cli_shape(*this), kSeed);
  const std::vector<RecurrentSpec> variants = specs();
  for (std::size_t l = 0; l < variants.size(); ++l) model.layers[l].spec = variants[l];
  return model;
}

double Shape::flops() const {
  double flops = 0;
  for (const RecurrentSpec& spec : specs()) flops += flops_per_row(spec);
  return flops * static_cast<double>(steps * batch);
}

double Shape::bytes() const {
  const std::vector<RecurrentSpec> all = specs();
  double floats = static_cast<double>(steps * batch * (input + all.back().output_size()));
  for (const RecurrentSpec& spec : all) {
    const std::int64_t rows = spec.gates() * hidden * spec.directions();
    floats += static_cast<double>(rows * (steps * hidden + spec.input_size));
  }
  return floats * sizeof(float);
}

std::string Shape::text() const {
  return std::to_string(input) + " → " + std::to_string(hidden) +
         (bidirectional ? " bidirectional" : "") +
         (layers > 1 ? " × " + std::to_string(layers) : "") + ", T " + std::to_string(steps) +
         ", B " + std::to_string(batch);
}

std::vector<Shape> parse_shapes(std::string_view text, const std::string& source) {
  std::vector<Shape> shapes;
  for (const cli::NamedShape& line : cli::parse_shapes(text, source)) {
    shapes.push_back({.name = line.name,
                      .input = line.shape.input,
                      .hidden = line.shape.hidden,
                      .layers = line.shape.layers,
                      .bidirectional = line.shape.bidirectional,
                      .steps = line.shape.steps,
                      .batch = line.shape.batch});
  }
  return shapes;
}

PeerTimes parse_peer_times(std::string_view text, const std::string& source,
                           std::string_view shape) {
  const cli::Csv csv(text, source);
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    if (csv.text(row, "shape") != shape) continue;
    return {.onednn26_t1 = seconds(csv, row, "onednn26_t1_us"),
            .onednn312_t1 = seconds(csv, row, "onednn312_t1_us"),
            .onednn312_t2 = seconds(csv, row, "onednn312_t2_us"),
            .best_t1 = seconds(csv, row, "best_t1_us"),
            .best_t2 = seconds(csv, row, "best_t2_us"),
            .approx_t1 = seconds(csv, row, "approx_t1_us"),
            .best_t1_peer = csv.text(row, "best_t1_peer"),
            .best_t2_peer = csv.text(row, "best_t2_peer")};
  }
  return {};
}

const std::vector<Shape>& all_shapes() {
  static const std::vector<Shape> shapes = parse_shapes(kShapesCsv, "shapes.csv");
  return shapes;
}

PeerTimes peer_times(std::string_view shape) {
  return parse_peer_times(kPeersCsv, "peers.csv", shape);
}

Shape with_cell(Shape shape, Cell cell, bool linear_before_reset) {
  if (cell == shape.cell && linear_before_reset == shape.linear_before_reset) return shape;
  shape.cell = cell;
  shape.linear_before_reset = linear_before_reset;
  const std::string place = linear_before_reset ? "_" : "_reset_first_";
  shape.name = std::string(name(cell)) + place + shape.name;
  return shape;
}

std::vector<Shape> select_shapes(const std::vector<std::string>& names) {
  if (names.empty()) return all_shapes();
  std::vector<bool> wanted(all_shapes().size(), false);
  for (const std::string& pattern : names) {
    bool any = false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!matches(pattern, all_shapes()[i].name)) continue;
      wanted[i] = any = true;
    }
    if (!any) refuse_name(pattern);
  }
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i]) shapes.push_back(all_shapes()[i]);
  }
  return shapes;
}

}  // namespace carousel::bench
