// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carousel::cli {

/// An input and an output that were given without their names.
struct UnnamedFiles {
  std::string model;
  std::string input;   ///< The file.
  std::string output;  ///< The file; empty if outputs were given by name.
  std::string input_name;
  std::string output_name;
};

/// A warning if an array that was taken as [steps, batch, ...] fits the file's own order, too, and
/// would be another sequence by that; it tells the command for each. Else empty. That of a single
/// row there is little doubt about.
[[nodiscard]] std::string own_order_warning(const UnnamedFiles& files, const ModelInput& input,
                                            const std::vector<std::int64_t>& shape);

}  // namespace carousel::cli
