// SPDX-License-Identifier: Apache-2.0
// Conv and ConvTranspose along one axis.
#include "attributes.hpp"
#include "convolution.hpp"
#include "frames.hpp"
#include "linear.hpp"
#include "operators.hpp"

#include <algorithm>
#include <utility>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// What a Conv slides along: one of its axes; the others have one position and one tap each.
struct Sliding {
  std::size_t axis = 0;  ///< Of X.
  Window window;
};

/// Whether the kernel has one position along that axis of X.
bool is_trivial(const Axis& axis, const Window& window) {
  return axis.empty() && window.kernel == 1 && window.pad_begin == 0 && window.pad_end == 0;
}

Sliding find_axis(const Call& call, const Tensor& x, const std::vector<Window>& windows) {
  std::optional<Sliding> found;
  for (std::size_t k = 0; k < windows.size(); ++k) {
    const bool last = k + 1 == windows.size();
    if (is_trivial(x.axes[k + 2], windows[k]) && (found || !last)) continue;
    if (found) {
      throw Refusal(
          formatted("slides along several axes of {}; convolutions along one axis are supported",
                    call.atoms().describe(x.axes)));
    }
    found = Sliding{k + 2, windows[k]};
  }
  return *found;
}

/// X with its batch axis known to be no features.
void check_rows(const Call& call, const Tensor& x) {
  if (x.axes[0].empty() || !call.atoms().any(x.axes[0], Role::features)) return;
  fix_role(call.context, x.axes[0], Role::batch, "the first axis of its input X", false);
}

/// W without the axes along which there is one tap.
carousel::Tensor read_weight(const Array& w, std::int64_t kernel) {
  const Shape shape{w.shape[0], w.shape[1], kernel};
  return to_weight(w, shape);
}

void set_bias(const Call& call, ModelLayer& layer, std::int64_t outputs) {
  if (!call.has(2)) return;
  const Array& b = call.constant(2, "input B");
  if (b.shape != Shape{outputs}) {
    throw Malformed(
        formatted("its input B has the shape {}; expected [{}]", shape_text(b.shape), outputs));
  }
  layer.weights.emplace("bias", to_weight(b, b.shape));
}

/// The axis of channels must be features; how many there are follows from the weight.
void check_channels(const Call& call, const Tensor& x, std::int64_t channels) {
  require_size(call.context, x.axes[1], channels, "the channels of its input X");
  if (!call.atoms().all(x.axes[1], Role::features)) {
    fix_role(call.context, x.axes[1], Role::features, "the channels of its input X");
  }
}

/// The result's axes and layout: [positions, channels].
Tensor with_result(const Call& call, const Tensor& x, std::size_t flow, const Sliding& along,
                   const Axis& positions, std::int64_t channels) {
  Tensor result = after(x, flow);
  result.axes[1] = new_axis(call.context, channels, Role::features);
  result.axes[along.axis] = positions;
  result.layout = features_of(call.atoms(), {positions});
  result.layout.insert(result.layout.end(), result.axes[1].begin(), result.axes[1].end());
  result.padding = {};
  result.whole = false;
  return result;
}

ConvolutionSpec base_spec(const Window& window, std::int64_t in, std::int64_t out,
                          std::int64_t groups, bool bias) {
  return {.in_channels = in,
          .out_channels = out,
          .kernel_size = window.kernel,
          .stride = window.stride,
          .dilation = window.dilation,
          .groups = groups,
          .pad_begin = window.pad_begin,
          .pad_end = window.pad_end,
          .bias = bias};
}

/// The layer; a dense one where there is one tap and one position at a time.
std::size_t add_convolution(const Call& call, std::size_t flow, const ConvolutionSpec& spec,
                            ModelLayer layer) {
  const bool one_position = spec.length == 1 || spec.along_time();
  const bool dense = one_position && spec.kernel_size == 1 && spec.stride == 1 &&
                     spec.groups == 1 && spec.pad_begin == 0 && spec.pad_end == 0;
  if (dense) {
    layer.spec = DenseSpec{spec.in_channels, spec.out_channels, spec.bias};
    const carousel::Tensor weight = layer.weights.at("weight");
    const auto bytes = weight.bytes();
    layer.weights.insert_or_assign(
        "weight", carousel::Tensor(weight.dtype(), {spec.out_channels, spec.in_channels},
                                   {bytes.begin(), bytes.end()}));
  } else {
    layer.spec = spec;
  }
  return call.context.network.add_layer(call.where, std::move(layer), {flow});
}

/// Along the positions of a frame.
Tensor within_frame(const Call& call, const Tensor& x, const Sliding& along, ConvolutionSpec spec,
                    ModelLayer layer) {
  Axis layout = x.axes[along.axis];
  layout.insert(layout.end(), x.axes[1].begin(), x.axes[1].end());
  if (layout.size() != x.layout.size()) {
    throw Refusal(formatted("its input X {} has features beside channels and positions",
                            call.atoms().describe(x.axes)));
  }
  const Tensor frames = arranged(call, x, layout);
  spec.length = *call.atoms().known_size(x.axes[along.axis]);
  const std::int64_t positions = spec.output_positions(spec.length);
  if (positions < 1) throw Malformed("has no position where its kernel fits");
  const std::size_t flow = add_convolution(call, frames.flow, spec, std::move(layer));
  const Axis result = new_axis(call.context, positions, Role::features,
                               origin_of(call.context, x.axes[along.axis]));
  return with_result(call, frames, flow, along, result, spec.out_channels);
}

/// Along time, a frame being one position.
Tensor along_steps(const Call& call, const Tensor& x, const Sliding& along, ConvolutionSpec spec,
                   ModelLayer layer) {
  const Axis& steps = x.axes[along.axis];
  fix_role(call.context, steps, Role::steps, "the axis that it slides along");
  if (x.layout != x.axes[1]) {
    throw Refusal(formatted("its input X {} has features beside its channels",
                            call.atoms().describe(x.axes)));
  }
  const std::optional<std::int64_t> padded = call.atoms().known_size(steps);
  spec.pad_begin += x.padding.begin;
  spec.pad_end += x.padding.end;
  spec.causal = spec.stride == 1 && spec.pad_end == 0 && spec.pad_begin == spec.span() - 1 &&
                spec.kernel_size > 1;
  const Tensor frames = with_steps(call, x);
  const std::size_t flow = add_convolution(call, frames.flow, spec, std::move(layer));
  Axis result = steps;
  const bool same = x.padding == StepPadding{} && spec.stride == 1 &&
                    spec.pad_begin + spec.pad_end == spec.span() - 1;
  if (!same) {
    std::optional<std::int64_t> count;
    if (padded) {
      count = spec.output_positions(*padded - x.padding.begin - x.padding.end);
      if (*count < 1) throw Malformed("has no position where its kernel fits");
    }
    result = new_axis(call.context, count, Role::steps, origin_of(call.context, steps));
  }
  return with_result(call, frames, flow, along, result, spec.out_channels);
}

/// Where the kernel covers a whole axis of features, that axis is more channels.
struct Prepared {
  Tensor x;
  Array w;
  std::vector<Window> windows;
};

Prepared fold_covered_axis(const Call& call, Tensor x, Array w, std::vector<Window> windows,
                           std::int64_t groups) {
  // Only the first of two axes: its taps then stand beside the channels in W.
  const bool two = windows.size() == 2 && groups == 1 && !x.axes[2].empty();
  if (!two || call.atoms().known_size(x.axes[2]) != windows[0].kernel ||
      windows[0].pad_begin != 0 || windows[0].pad_end != 0 || windows[0].dilation != 1 ||
      !call.atoms().all(x.axes[2], Role::features)) {
    return {std::move(x), std::move(w), std::move(windows)};
  }
  x.axes[1].insert(x.axes[1].end(), x.axes[2].begin(), x.axes[2].end());
  x.axes[2].clear();
  w.shape = {w.shape[0], w.shape[1] * w.shape[2], 1, w.shape[3]};
  windows[0] = Window{};
  return {std::move(x), std::move(w), std::move(windows)};
}

}  // namespace

std::vector<Value> convolution(const Call& call) {
  Tensor x = call.padded_tensor(0);
  Array w = call.constant(1, "input W");
  if (w.rank() < 3 || static_cast<std::size_t>(w.rank()) != x.axes.size()) {
    throw Malformed(formatted("its inputs X {} and W {} must have equally many axes, 3 or more",
                              call.atoms().describe(x.axes), shape_text(w.shape)));
  }
  check_rows(call, x);
  const std::int64_t groups = integer(call.node, "group", 1);
  if (groups < 1) throw Malformed("attribute 'group' must be positive");
  check_channels(call, x, w.shape[1] * groups);
  const std::vector<std::int64_t> taps(w.shape.begin() + 2, w.shape.end());
  std::vector<Window> windows = read_windows(call, x, taps);
  const Prepared prepared =
      fold_covered_axis(call, std::move(x), std::move(w), std::move(windows), groups);
  const Sliding along = find_axis(call, prepared.x, prepared.windows);
  const bool features = call.atoms().all(prepared.x.axes[along.axis], Role::features);
  if (features && prepared.x.padding != StepPadding{}) throw Refusal("has padded steps as rows");
  const ConvolutionSpec spec = base_spec(along.window, prepared.w.shape[1] * groups,
                                         prepared.w.shape[0], groups, call.has(2));
  ModelLayer layer;
  layer.weights.emplace("weight", read_weight(prepared.w, along.window.kernel));
  set_bias(call, layer, spec.out_channels);
  call.context.budget.take(prepared.w.data.size());
  return {features ? within_frame(call, prepared.x, along, spec, std::move(layer))
                   : along_steps(call, prepared.x, along, spec, std::move(layer))};
}

std::vector<Value> transposed_convolution(const Call& call) {
  const Tensor x = call.tensor(0);
  const Array& w = call.constant(1, "input W");
  if (w.rank() != 3 || x.axes.size() != 3) {
    throw Refusal(formatted("its inputs X {} and W {} must have 3 axes each",
                            call.atoms().describe(x.axes), shape_text(w.shape)));
  }
  if (find_attribute(call.node, "output_shape") != nullptr ||
      text(call.node, "auto_pad", "NOTSET") != "NOTSET") {
    throw Refusal("its output_shape and auto_pad are not supported; only pads are");
  }
  check_rows(call, x);
  check_channels(call, x, w.shape[0]);
  const std::int64_t groups = integer(call.node, "group", 1);
  const std::vector<Window> windows = read_windows(call, x, {w.shape[2]});
  const Sliding along{2, windows[0]};
  if (!call.atoms().all(x.axes[2], Role::features)) {
    throw Refusal(
        formatted("slides along {}; transposed convolutions are supported within a frame only",
                  call.atoms().describe(x.axes[2])));
  }
  ConvolutionSpec spec =
      base_spec(along.window, w.shape[0], w.shape[1] * groups, groups, call.has(2));
  spec.transposed = true;
  const auto more = integers(call.node, "output_padding");
  if (more && !more->empty()) spec.output_padding = more->front();
  ModelLayer layer;
  layer.weights.emplace("weight", to_weight(w, w.shape));
  set_bias(call, layer, spec.out_channels);
  Axis layout = x.axes[2];
  layout.insert(layout.end(), x.axes[1].begin(), x.axes[1].end());
  if (layout.size() != x.layout.size()) throw Refusal("its input X has further features");
  const Tensor frames = arranged(call, x, layout);
  spec.length = *call.atoms().known_size(x.axes[2]);
  layer.spec = spec;
  const std::size_t flow =
      call.context.network.add_layer(call.where, std::move(layer), {frames.flow});
  const Axis result = new_axis(call.context, spec.output_positions(spec.length), Role::features);
  return {with_result(call, frames, flow, along, result, spec.out_channels)};
}

}  // namespace carousel::loading::onnx
