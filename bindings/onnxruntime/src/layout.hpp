// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace carousel::onnxruntime {

/// What the axes of a recurrent node's result Y count.
enum class Axis : std::uint8_t { steps, directions, batch, hidden };

/// The axes of an array, each of which may count several of these, the last one fastest.
using Axes = std::vector<std::vector<Axis>>;

/// Those of Y as the operator gives it: [steps, directions, batch, hidden], or with `layout` 1
/// [batch, steps, directions, hidden].
[[nodiscard]] Axes operator_axes(bool batch_first);

/// Whether each row of a step lies there with its directions side by side, in which case a stream
/// can write the array in place.
[[nodiscard]] bool in_stream_order(const Axes& axes, std::int64_t directions);
/// Whether batch comes before steps.
[[nodiscard]] bool is_batch_first(const Axes& axes);

}  // namespace carousel::onnxruntime
