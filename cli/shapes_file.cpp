// SPDX-License-Identifier: Apache-2.0
#include "shapes_file.hpp"

#include "csv.hpp"
#include "text_file.hpp"

namespace carousel::cli {

std::vector<NamedShape> parse_shapes(std::string_view text, const std::string& source) {
  const Csv csv(text, source);
  std::vector<NamedShape> shapes;
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    shapes.push_back({.name = csv.text(row, "name"),
                      .shape = {.input = csv.integer(row, "input", kMaxSize),
                                .hidden = csv.integer(row, "hidden", kMaxSize),
                                .steps = csv.integer(row, "T", kMaxSize),
                                .batch = csv.integer(row, "B", kMaxSize),
                                .layers = csv.integer(row, "layers", kMaxLayers),
                                .bidirectional = csv.integer(row, "bidir", 1) != 0}});
  }
  return shapes;
}

std::vector<NamedShape> read_shapes(const std::string& file) {
  return parse_shapes(read_text(file), file);
}

}  // namespace carousel::cli
