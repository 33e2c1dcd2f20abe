// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

#include <cstddef>
#include <optional>

namespace carousel::loading::onnx {

/// The flow that an input of a node with the lengths of the sequences is; nothing where it is
/// omitted, or says that all steps along that axis are real. Throws Refusal for anything else.
[[nodiscard]] std::optional<std::size_t> read_lengths(const Call& call, std::size_t input,
                                                      const Axis& steps);

}  // namespace carousel::loading::onnx
