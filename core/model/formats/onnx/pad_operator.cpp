// SPDX-License-Identifier: Apache-2.0
// Pad: features around features, and steps before a Conv.
#include "attributes.hpp"
#include "frames.hpp"
#include "operators.hpp"

#include <algorithm>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "core/model/limits.hpp"

namespace carousel::loading::onnx {
namespace {

/// How many elements to add at both ends of an axis.
struct Padding {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

std::vector<Padding> read_paddings(const Call& call, std::size_t rank) {
  std::vector<std::int64_t> pads;
  if (call.operator_set() < 11) {
    const char* name = call.operator_set() < 2 ? "paddings" : "pads";
    pads = integers(call.node, name).value_or(std::vector<std::int64_t>{});
  } else {
    pads = known_integers(call.input(1), "its pads");
  }
  std::vector<std::int64_t> axes;
  if (call.has(3)) axes = known_integers(call.input(3), "its axes");
  for (std::size_t k = 0; axes.size() < rank && !call.has(3); ++k) {
    axes.push_back(static_cast<std::int64_t>(k));
  }
  if (pads.size() != 2 * axes.size()) throw Malformed("needs two pads for each axis");
  std::vector<Padding> result(rank);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    result[checked_axis(axes[k], rank)] = {pads[k], pads[axes.size() + k]};
  }
  return result;
}

float read_filler(const Call& call) {
  if (call.operator_set() < 11) return real(call.node, "value", 0.0F);
  if (!call.has(2)) return 0.0F;
  const std::vector<double> values = to_doubles(call.constant(2, "constant_value"));
  if (values.size() != 1) throw Malformed("its constant_value is no single number");
  return to_float(values[0]);
}

/// The index that stands at a position beyond the ends.
std::int64_t index_beyond(std::int64_t at, std::int64_t size, const std::string& mode) {
  if (mode == "constant") return Network::kFiller;
  if (mode == "edge") return std::clamp<std::int64_t>(at, 0, size - 1);
  if (mode == "wrap") return ((at % size) + size) % size;
  const std::int64_t mirrored = at < 0 ? -at : 2 * (size - 1) - at;
  if (mode != "reflect") throw Refusal(formatted("its mode {} is not supported", quote(mode)));
  if (mirrored < 0 || mirrored >= size) throw Malformed("reflects more than there is");
  return mirrored;
}

Tensor padded_features(const Call& call, const Tensor& tensor, std::size_t axis,
                       const Padding& padding, const std::string& mode) {
  const std::int64_t size = *call.atoms().known_size(tensor.axes[axis]);
  constexpr std::int64_t most = std::int64_t{1} << 22U;
  if (std::max(padding.begin, padding.end) > most || std::min(padding.begin, padding.end) < -most) {
    throw Refusal(formatted("pads features by {} and {}, but at most by {}", padding.begin,
                            padding.end, most));
  }
  std::vector<std::int64_t> indices;
  for (std::int64_t at = -padding.begin; at < size + padding.end; ++at) {
    indices.push_back(at >= 0 && at < size ? at : index_beyond(at, size, mode));
  }
  return picked(call, tensor, axis, indices, read_filler(call));
}

/// Steps of zeros, which a Conv takes over.
Tensor padded_steps(const Call& call, Tensor tensor, std::size_t axis, const Padding& padding,
                    const std::string& mode) {
  const Axis before = tensor.axes[axis];
  if (mode != "constant" || read_filler(call) != 0.0F) {
    throw Refusal(
        formatted("pads the axis {} with other than zeros, which is supported for features only; "
                  "if it is that, its size must be known: {}",
                  call.atoms().describe(before), shape_wanted(origin_of(call.context, before))));
  }
  if (std::min(padding.begin, padding.end) < 0) throw Refusal("removes steps");
  const std::optional<std::int64_t> size = call.atoms().known_size(before);
  const auto fits = [](std::int64_t count) { return count <= detail::kMostSteps; };
  // Each by itself first, so that their sum is a number.
  const bool all = fits(padding.begin) && fits(padding.end) && fits(size.value_or(0)) &&
                   fits(size.value_or(0) + padding.begin + padding.end);
  if (!all) {
    throw Refusal(formatted("adds {} and {} steps{}, but a sequence has at most {}", padding.begin,
                            padding.end, size ? formatted(" to {}", *size) : "",
                            detail::kMostSteps));
  }
  fix_role(call.context, before, Role::steps, "the axis that it pads");
  tensor.padding = {tensor.padding.begin + padding.begin, tensor.padding.end + padding.end};
  const auto more = size ? std::optional(*size + padding.begin + padding.end) : std::nullopt;
  tensor.axes[axis] = new_axis(call.context, more, Role::steps, origin_of(call.context, before));
  return tensor;
}

}  // namespace

std::vector<Value> pad(const Call& call) {
  const std::string mode = text(call.node, "mode", "constant");
  if (!call.is_tensor(0)) throw Refusal("is supported for values of the network only");
  Tensor tensor = call.padded_tensor(0);
  const std::vector<Padding> paddings = read_paddings(call, tensor.axes.size());
  for (std::size_t k = 0; k < paddings.size(); ++k) {
    if (paddings[k].begin == 0 && paddings[k].end == 0) continue;
    const bool features = call.atoms().all(tensor.axes[k], Role::features);
    tensor = features ? padded_features(call, tensor, k, paddings[k], mode)
                      : padded_steps(call, tensor, k, paddings[k], mode);
  }
  return {std::move(tensor)};
}

}  // namespace carousel::loading::onnx
