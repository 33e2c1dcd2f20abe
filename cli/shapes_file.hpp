// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model_source.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace carousel::cli {

struct NamedShape {
  std::string name;
  Shape shape;
};

/// Lines of comma-separated values with the columns name, input, hidden, layers, bidir, T (steps)
/// and B (batch), as in bench/shapes.csv. Throws Error naming `source`, line and column.
[[nodiscard]] std::vector<NamedShape> parse_shapes(std::string_view csv, const std::string& source);

/// The same from a file.
[[nodiscard]] std::vector<NamedShape> read_shapes(const std::string& file);

}  // namespace carousel::cli
