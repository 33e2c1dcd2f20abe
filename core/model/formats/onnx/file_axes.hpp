// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "atoms.hpp"

#include <carousel/model.hpp>

#include <string>
#include <vector>

namespace carousel::loading::onnx {

/// Gives the axes of an input that no operator has fixed a meaning: which of them counts steps and
/// which rows makes no difference then, so the names of the axes decide, or their order. Throws
/// Refusal where there are more than two.
void settle_axes(Atoms& atoms, const std::string& input, const std::vector<Axis>& axes);

/// The axes of an array as a model tells them; `what` is for messages. Throws Refusal for an axis
/// of steps or rows that is reshaped into one with features.
[[nodiscard]] std::vector<FileAxis> file_axes(const Atoms& atoms, const std::vector<Axis>& axes,
                                              const std::string& what);

/// Whether they are those of a sequence as every model takes it: [steps, batch, size].
[[nodiscard]] bool are_usual(const std::vector<FileAxis>& axes, std::int64_t size);

}  // namespace carousel::loading::onnx
