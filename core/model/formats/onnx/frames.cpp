// SPDX-License-Identifier: Apache-2.0
#include "frames.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr std::int64_t kMaxFrame = std::int64_t{1} << 22U;

std::int64_t checked_frame(std::optional<std::int64_t> size) {
  if (size && *size <= kMaxFrame) return *size;
  throw Refusal(formatted("makes frames of {} features; at most {} are supported",
                          size ? std::to_string(*size) : "too many", kMaxFrame));
}

/// How far the index of each atom moves along the product of all.
std::map<AtomId, std::int64_t> strides_of(const Atoms& atoms, const Axis& axis) {
  std::map<AtomId, std::int64_t> strides;
  std::int64_t stride = 1;
  for (auto id = axis.rbegin(); id != axis.rend(); ++id) {
    strides[*id] = stride;
    stride *= atoms[*id].size.value_or(1);
  }
  return strides;
}

/// Each feature of a layout as an axis of its own.
std::vector<AxisMap> separate(const Atoms& atoms, const Axis& wanted, const Axis& layout) {
  std::vector<AxisMap> maps;
  maps.reserve(wanted.size());
  for (const AtomId id : wanted) maps.push_back({{id}, axis_offsets(atoms, {id}, layout)});
  return maps;
}

/// Where in the layout the atoms of an axis stand, if they stand side by side in their order.
std::optional<std::size_t> find_run(const Axis& layout, const Axis& axis) {
  const auto found = std::search(layout.begin(), layout.end(), axis.begin(), axis.end());
  if (axis.empty() || found == layout.end()) return std::nullopt;
  return static_cast<std::size_t>(found - layout.begin());
}

}  // namespace

std::vector<std::int64_t> axis_offsets(const Atoms& atoms, const Axis& axis, const Axis& layout) {
  const std::map<AtomId, std::int64_t> strides = strides_of(atoms, layout);
  std::vector<std::int64_t> offsets(1, 0);
  for (const AtomId id : axis) {
    const std::int64_t stride = strides.at(id);
    std::vector<std::int64_t> next;
    checked_frame(
        checked_multiply(static_cast<std::int64_t>(offsets.size()), atoms[id].size.value_or(1)));
    for (const std::int64_t offset : offsets) {
      for (std::int64_t k = 0; k < atoms[id].size.value_or(1); ++k) {
        next.push_back(offset + k * stride);
      }
    }
    offsets = std::move(next);
  }
  return offsets;
}

std::vector<std::int64_t> frame_positions(const Atoms& atoms, const Axis& layout,
                                          const std::vector<AxisMap>& axes) {
  const std::int64_t size = checked_frame(atoms.known_size(layout));
  std::vector<std::int64_t> positions(static_cast<std::size_t>(size), 0);
  const std::map<AtomId, std::int64_t> runs = strides_of(atoms, layout);
  for (const AxisMap& axis : axes) {
    const std::map<AtomId, std::int64_t> strides = strides_of(atoms, axis.atoms);
    for (std::int64_t at = 0; at < size; ++at) {
      std::int64_t index = 0;
      for (const auto& [id, stride] : strides) {
        index += at / runs.at(id) % atoms[id].size.value_or(1) * stride;
      }
      std::int64_t& position = positions[static_cast<std::size_t>(at)];
      const std::int64_t offset = axis.offsets[static_cast<std::size_t>(index)];
      position = position < 0 || offset < 0 ? Network::kFiller : position + offset;
    }
  }
  return positions;
}

Axis features_of(const Atoms& atoms, const std::vector<Axis>& axes) {
  Axis features;
  for (const Axis& axis : axes) {
    for (const AtomId id : axis) {
      if (atoms[id].role == Role::features) features.push_back(id);
    }
  }
  return features;
}

std::int64_t frame_size(const Atoms& atoms, const Axis& layout) {
  return checked_frame(atoms.known_size(layout));
}

Tensor arranged(const Call& call, const Tensor& tensor, const Axis& layout) {
  if (layout == tensor.layout) return tensor;
  const Atoms& atoms = call.atoms();
  Tensor result = tensor;
  result.layout = layout;
  result.flow = call.context.network.rearranged(
      call.where, tensor.flow,
      frame_positions(atoms, layout, separate(atoms, layout, tensor.layout)));
  return result;
}

Tensor with_last(const Call& call, const Tensor& tensor, const Axis& last) {
  Axis layout;
  for (const AtomId id : tensor.layout) {
    if (std::ranges::find(last, id) == last.end()) layout.push_back(id);
  }
  layout.insert(layout.end(), last.begin(), last.end());
  return arranged(call, tensor, layout);
}

Tensor in_order(const Call& call, const Tensor& tensor) {
  return arranged(call, tensor, features_of(call.atoms(), tensor.axes));
}

Tensor picked(const Call& call, const Tensor& tensor, std::size_t axis,
              const std::vector<std::int64_t>& indices, float filler) {
  Context& context = call.context;
  const Axis old = tensor.axes[axis];
  const Axis fresh = new_axis(context, static_cast<std::int64_t>(indices.size()), Role::features,
                              origin_of(context, old));
  if (indices.empty()) throw Refusal("makes an axis of size 0");
  Tensor result = tensor;
  result.axes[axis] = fresh;
  if (const auto run = find_run(tensor.layout, old)) {
    const auto at = result.layout.begin() + static_cast<std::ptrdiff_t>(*run);
    const auto rest = result.layout.erase(at, at + static_cast<std::ptrdiff_t>(old.size()));
    result.layout.insert(rest, fresh.begin(), fresh.end());
  } else {
    result.layout = features_of(context.atoms, result.axes);
  }
  const std::vector<std::int64_t> all = axis_offsets(context.atoms, old, tensor.layout);
  AxisMap map{fresh, {}};
  for (const std::int64_t index : indices) {
    map.offsets.push_back(index < 0 ? Network::kFiller : all[static_cast<std::size_t>(index)]);
  }
  std::vector<AxisMap> maps{std::move(map)};
  for (const AtomId id : result.layout) {
    if (fresh.empty() || id != fresh.front()) {
      maps.push_back({{id}, axis_offsets(context.atoms, {id}, tensor.layout)});
    }
  }
  result.flow = context.network.rearranged(
      call.where, tensor.flow, frame_positions(context.atoms, result.layout, maps), filler);
  return result;
}

Tensor split_axis(const Call& call, const Tensor& tensor, std::size_t axis, std::int64_t first) {
  Context& context = call.context;
  const std::int64_t size = context.atoms.known_size(tensor.axes[axis]).value_or(0);
  std::vector<std::int64_t> all(static_cast<std::size_t>(size));
  std::iota(all.begin(), all.end(), 0);
  Tensor whole = tensor;
  if (tensor.axes[axis].size() != 1) whole = picked(call, tensor, axis, all);
  const Axis outer = new_axis(context, first, Role::features);
  const Axis inner = new_axis(context, size / first, Role::features);
  Axis both = outer;
  both.insert(both.end(), inner.begin(), inner.end());
  if (!whole.axes[axis].empty()) {
    const auto at = std::ranges::find(whole.layout, whole.axes[axis].front());
    whole.layout.insert(whole.layout.erase(at), both.begin(), both.end());
  }
  whole.axes[axis] = outer;
  whole.axes.insert(whole.axes.begin() + static_cast<std::ptrdiff_t>(axis) + 1, inner);
  return whole;
}

Tensor after(const Tensor& before, std::size_t flow) {
  Tensor result = before;
  result.flow = flow;
  return result;
}

Tensor apply(const Call& call, const Tensor& tensor, ModelLayer layer) {
  return after(tensor, call.context.network.add_layer(call.where, std::move(layer), {tensor.flow}));
}

Tensor apply_function(const Call& call, const Tensor& tensor, const Activation& function) {
  return apply(call, tensor,
               {.spec = ActivationSpec{function, frame_size(call.atoms(), tensor.layout)}});
}

Tensor with_steps(const Call& call, const Tensor& tensor) {
  if (!tensor.repeats_step) return tensor;
  std::optional<std::int64_t> count;
  for (const Axis& axis : tensor.axes) {
    for (const AtomId id : axis) {
      if (call.atoms()[id].role == Role::steps) count = call.atoms()[id].size;
    }
  }
  if (!count) {
    throw Refusal("needs one step repeated as often as there are steps, which is not known");
  }
  Tensor result = apply(call, tensor,
                        {.spec = RepeatStepsSpec{frame_size(call.atoms(), tensor.layout), *count}});
  result.repeats_step = false;
  return result;
}

Tensor steps_as_features(const Call& call, const Tensor& tensor) {
  constexpr std::int64_t most = 256;
  Context& context = call.context;
  Tensor result = with_steps(call, tensor);
  for (Axis& axis : result.axes) {
    for (AtomId& id : axis) {
      if (context.atoms[id].role != Role::steps) continue;
      const std::optional<std::int64_t> count = context.atoms[id].size;
      if (!count || *count > most) {
        throw Refusal(
            formatted("takes all steps as features, which is supported for up to {} steps, known "
                      "in number; {}",
                      most, shape_wanted(context.atoms[id].origin)));
      }
      std::vector<std::size_t> steps;
      const std::int64_t size = frame_size(context.atoms, result.layout);
      for (std::int64_t k = 0; k < *count; ++k) {
        const SelectStepsSpec one{.size = size, .first = k, .end = k + 1};
        steps.push_back(context.network.add_layer(call.where, {.spec = one}, {result.flow}));
      }
      result.flow = context.network.joined(call.where, steps);
      id = context.atoms.add({count, Role::features});
      result.layout.insert(result.layout.begin(), id);
    }
  }
  return result;
}

Tensor constant_tensor(const Call& call, const Array& array, const Tensor& like) {
  Context& context = call.context;
  Tensor result{.flow = like.flow, .type = array.type};
  for (const std::int64_t size : array.shape) {
    result.axes.push_back(new_axis(context, size, Role::features));
    result.layout.insert(result.layout.end(), result.axes.back().begin(), result.axes.back().end());
  }
  const std::int64_t size = frame_size(context.atoms, result.layout);
  const std::vector<std::int64_t> none(static_cast<std::size_t>(size), Network::kFiller);
  const SelectStepsSpec one_step{.size = context.network[like.flow].size, .end = 1};
  result.flow = context.network.add_layer(call.where, {.spec = one_step}, {like.flow});
  result.flow = context.network.rearranged(call.where, result.flow, none);
  ModelLayer layer{
      .spec = ElementwiseSpec{ElementwiseOperation::add, size, ElementwiseSpec::Constant::second}};
  std::vector<float> values;
  for (const double value : to_doubles(array)) values.push_back(to_float(value));
  layer.weights.emplace("operand", carousel::Tensor({size}, values));
  result = apply(call, result, std::move(layer));
  return result;
}

}  // namespace carousel::loading::onnx
