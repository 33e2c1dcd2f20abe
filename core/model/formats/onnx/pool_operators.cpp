// SPDX-License-Identifier: Apache-2.0
// Pooling: features moved into windows, which are then reduced.
#include "attributes.hpp"
#include "convolution.hpp"
#include "elementwise.hpp"
#include "frames.hpp"
#include "operators.hpp"
#include "reduction.hpp"

#include <algorithm>
#include <limits>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// The axis that a pool slides along; others have windows of one element.
std::size_t find_axis(const Call& call, const Tensor& x, const std::vector<Window>& windows) {
  std::optional<std::size_t> found;
  for (std::size_t k = 0; k < windows.size(); ++k) {
    const Window& w = windows[k];
    const bool trivial = w.kernel == 1 && w.pad_begin == 0 && w.pad_end == 0 && w.stride == 1;
    if (trivial && (found || k + 1 < windows.size())) continue;
    if (found) {
      throw Refusal("slides along several axes of " + call.atoms().describe(x.axes));
    }
    found = k;
  }
  return *found;
}

std::int64_t positions_of(const Call& call, const Window& window, std::int64_t size) {
  const std::int64_t span = window.dilation * (window.kernel - 1) + 1;
  const std::int64_t room = size + window.pad_begin + window.pad_end - span;
  if (room < 0) throw Malformed("has no position where its kernel fits");
  const bool up = integer(call.node, "ceil_mode", 0) != 0;
  if (up && room % window.stride != 0) throw Refusal("its ceil_mode is not supported");
  return room / window.stride + 1;
}

/// The elements of the axis in windows, one after another; beyond the ends the filler.
std::vector<std::int64_t> window_indices(const Window& window, std::int64_t positions,
                                         std::int64_t size) {
  std::vector<std::int64_t> indices;
  for (std::int64_t p = 0; p < positions; ++p) {
    for (std::int64_t k = 0; k < window.kernel; ++k) {
      const std::int64_t at = p * window.stride - window.pad_begin + k * window.dilation;
      indices.push_back(at < 0 || at >= size ? Network::kFiller : at);
    }
  }
  return indices;
}

/// Means over as many elements as each window has of the axis.
Tensor averaged(const Call& call, const Tensor& sums, std::size_t axis, const Window& window,
                const std::vector<std::int64_t>& indices) {
  const bool all = integer(call.node, "count_include_pad", 0) != 0;
  Shape shape(sums.axes.size() - axis, 1);
  std::vector<double> counts;
  for (std::size_t at = 0; at < indices.size(); at += static_cast<std::size_t>(window.kernel)) {
    const auto first = indices.begin() + static_cast<std::ptrdiff_t>(at);
    const auto real = std::count_if(first, first + window.kernel, [](auto i) { return i >= 0; });
    counts.push_back(all ? static_cast<double>(window.kernel) : static_cast<double>(real));
  }
  shape[0] = static_cast<std::int64_t>(counts.size());
  return combine(call, ElementwiseOperation::divide, sums,
                 from_doubles(ElementType::f64, shape, counts));
}

Tensor pooled_features(const Call& call, const Tensor& x, std::size_t axis, const Window& window,
                       bool maximum) {
  const std::int64_t size = *call.atoms().known_size(x.axes[axis]);
  const std::int64_t positions = positions_of(call, window, size);
  const std::vector<std::int64_t> indices = window_indices(window, positions, size);
  const float filler = maximum ? -std::numeric_limits<float>::infinity() : 0.0F;
  const std::optional<InputAxis> origin = origin_of(call.context, x.axes[axis]);
  Tensor windows = picked(call, x, axis, indices, filler);
  windows = split_axis(call, windows, axis, positions);
  if (!windows.axes[axis].empty()) {
    call.context.atoms.set_origin(windows.axes[axis].front(), origin);
  }
  std::vector<bool> reduced(windows.axes.size(), false);
  reduced[axis + 1] = true;
  const ReduceOperation operation = maximum ? ReduceOperation::maximum : ReduceOperation::sum;
  Tensor result = reduce_axes(call, windows, operation, reduced, false);
  if (!maximum) result = averaged(call, result, axis, window, indices);
  return result;
}

/// The largest of the steps in each window: of as many sequences, each beginning one tap later.
Tensor pooled_steps(const Call& call, const Tensor& x, std::size_t axis, const Window& window,
                    bool maximum) {
  fix_role(call.context, x.axes[axis], Role::steps, "the axis that it slides along");
  const std::optional<std::int64_t> size = call.atoms().known_size(x.axes[axis]);
  constexpr std::int64_t most = 64;
  if (!size || window.pad_begin != 0 || window.pad_end != 0 || window.kernel > most) {
    throw Refusal(formatted(
        "pools along {}, which is supported without padding and for a known number of steps only; "
        "{}",
        call.atoms().describe(x.axes[axis]), shape_wanted(origin_of(call.context, x.axes[axis]))));
  }
  const std::int64_t positions = positions_of(call, window, *size);
  const std::int64_t features = frame_size(call.atoms(), x.layout);
  const Axis steps =
      new_axis(call.context, positions, Role::steps, origin_of(call.context, x.axes[axis]));
  std::optional<Tensor> result;
  for (std::int64_t k = 0; k < window.kernel; ++k) {
    const std::int64_t first = k * window.dilation;
    const SelectStepsSpec spec{features, first, first + (positions - 1) * window.stride + 1,
                               window.stride};
    Tensor taps = apply(call, x, {.spec = spec});
    taps.axes[axis] = steps;
    const auto operation = maximum ? ElementwiseOperation::maximum : ElementwiseOperation::add;
    result = result ? combine(call, operation, *result, taps) : taps;
  }
  if (maximum) return *result;
  return combine(call, ElementwiseOperation::divide, *result, static_cast<double>(window.kernel));
}

}  // namespace

std::vector<Value> pool(const Call& call) {
  const Tensor x = call.tensor(0);
  const auto kernel = integers(call.node, "kernel_shape");
  if (!kernel || kernel->empty()) throw Malformed("has no kernel_shape");
  if (call.outputs() > 1 && !call.node.output(1).empty()) {
    throw Refusal("its output Indices is not supported");
  }
  const std::vector<Window> windows = read_windows(call, x, *kernel);
  const std::size_t which = find_axis(call, x, windows);
  const bool maximum = call.node.op_type() == "MaxPool";
  const std::size_t axis = which + 2;
  if (x.repeats_step) throw Refusal("pools a step that is repeated");
  if (call.atoms().all(x.axes[axis], Role::features)) {
    return {pooled_features(call, x, axis, windows[which], maximum)};
  }
  return {pooled_steps(call, x, axis, windows[which], maximum)};
}

std::vector<Value> global_pool(const Call& call) {
  const Tensor x = call.tensor(0);
  std::vector<bool> reduced(x.axes.size(), true);
  for (std::size_t k = 0; k < std::min<std::size_t>(2, reduced.size()); ++k) reduced[k] = false;
  const bool maximum = call.node.op_type() == "GlobalMaxPool";
  const ReduceOperation operation = maximum ? ReduceOperation::maximum : ReduceOperation::mean;
  return {reduce_axes(call, x, operation, reduced, true)};
}

}  // namespace carousel::loading::onnx
