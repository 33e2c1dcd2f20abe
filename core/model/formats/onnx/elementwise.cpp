// SPDX-License-Identifier: Apache-2.0
#include "elementwise.hpp"

#include "sizes.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

using Operation = ElementwiseOperation;

/// As many axes as `rank`, new ones of size 1 before the others.
Tensor with_rank(Tensor tensor, std::size_t rank) {
  if (tensor.axes.size() < rank) {
    tensor.axes.insert(tensor.axes.begin(), rank - tensor.axes.size(), Axis{});
  }
  return tensor;
}

bool has_steps(const Atoms& atoms, const Tensor& tensor) {
  return std::ranges::any_of(tensor.axes,
                             [&](const Axis& axis) { return atoms.any(axis, Role::steps); });
}

/// One axis, or a part of one, of the result of an operation of two tensors.
struct Common {
  Axis atoms;                     ///< Features only.
  bool in_a = true, in_b = true;  ///< Whether the operands have it, or are repeated along it.
  Axis a, b;                      ///< The operands' own features.
};

/// What becomes of the axes of two operands.
class Broadcast {
 public:
  Broadcast(const Call& call, const Tensor& a, const Tensor& b)
      : context_(call.context), a_(a), b_(b) {
    for (std::size_t k = 0; k < a.axes.size(); ++k) add_axis(a.axes[k], b.axes[k]);
  }

  std::vector<Axis> axes{};
  std::vector<Common> features{};

 private:
  void add_axis(const Axis& a, const Axis& b) {
    const Atoms& atoms = context_.atoms;
    if (a == b) {
      add_same(a);
    } else if (a.empty() || b.empty()) {
      add_one_sided(a, b);
    } else if (atoms.all(a, Role::features) && atoms.all(b, Role::features)) {
      if (atoms.known_size(a) != atoms.known_size(b)) refuse(a, b);
      features.push_back({a, true, true, a, b});
      axes.push_back(a);
    } else {
      unite(context_, a, b, "the axes of its operands");
      add_same(atoms.normal(a));
    }
  }

  void add_same(const Axis& axis) {
    for (const AtomId id : axis) {
      if (context_.atoms[id].role == Role::features) {
        features.push_back({{id}, true, true, {id}, {id}});
      }
    }
    axes.push_back(axis);
  }

  void add_one_sided(const Axis& a, const Axis& b) {
    const Axis& axis = a.empty() ? b : a;
    for (const AtomId id : axis) {
      if (context_.atoms[id].role != Role::features) continue;
      Common common{{id}, !a.empty(), !b.empty(), {}, {}};
      (a.empty() ? common.b : common.a) = {id};
      features.push_back(std::move(common));
    }
    axes.push_back(axis);
  }

  [[noreturn]] void refuse(const Axis& a, const Axis& b) const {
    throw Refusal(formatted("its operands {} and {} differ in the axes {} and {}",
                            context_.atoms.describe(a_.axes), context_.atoms.describe(b_.axes),
                            context_.atoms.describe(a), context_.atoms.describe(b)));
  }

  Context& context_;
  const Tensor& a_;
  const Tensor& b_;
};

/// The layout of the result: that of an operand that has all features, else their order.
Axis common_layout(const Atoms& atoms, const Broadcast& broadcast, const Tensor& a,
                   const Tensor& b) {
  const auto same = [](const Common& c) { return c.in_a && c.in_b && c.a == c.b; };
  const bool all_in_a = std::ranges::all_of(broadcast.features, &Common::in_a);
  const bool all_in_b = std::ranges::all_of(
      broadcast.features, [&](const Common& c) { return c.in_b && (same(c) || !c.in_a); });
  if (all_in_a) return a.layout;
  if (all_in_b) return b.layout;
  return features_of(atoms, broadcast.axes);
}

/// The flow of one operand with its frames laid out as those of the result.
std::size_t operand(const Call& call, const Broadcast& broadcast, const Axis& layout,
                    const Tensor& tensor, bool is_a) {
  const Atoms& atoms = call.atoms();
  std::vector<AxisMap> maps;
  for (const Common& common : broadcast.features) {
    AxisMap map{common.atoms, {}};
    if (is_a ? common.in_a : common.in_b) {
      map.offsets = axis_offsets(atoms, is_a ? common.a : common.b, tensor.layout);
    } else {
      map.offsets.assign(static_cast<std::size_t>(*atoms.known_size(common.atoms)), 0);
    }
    maps.push_back(std::move(map));
  }
  return call.context.network.rearranged(call.where, tensor.flow,
                                         frame_positions(atoms, layout, maps));
}

/// Whether a constant has one value for all elements, NaN not being one.
std::optional<double> only_value(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  const bool same = std::ranges::all_of(values, [&](double v) { return v == values.front(); });
  return same ? std::optional(values.front()) : std::nullopt;
}

/// The tensor repeated along its axes of size 1 to what a constant has there.
Tensor enlarged(const Call& call, Tensor tensor, const Array& constant) {
  const std::size_t rank = std::max(tensor.axes.size(), constant.shape.size());
  tensor = with_rank(std::move(tensor), rank);
  const std::size_t skipped = rank - constant.shape.size();
  for (std::size_t k = skipped; k < rank; ++k) {
    const std::int64_t size = constant.shape[k - skipped];
    if (size == 1 || !tensor.axes[k].empty()) continue;
    tensor = picked(call, tensor, k, std::vector<std::int64_t>(static_cast<std::size_t>(size), 0));
  }
  return tensor;
}

/// Which element of the constant each feature of the frame takes.
AxisMap constant_map(const Call& call, const Axis& axis, std::int64_t size, std::int64_t stride) {
  const Atoms& atoms = call.atoms();
  if (!atoms.all(axis, Role::features)) {
    throw Refusal(
        formatted("has a constant of {} different values along the axis {}; it must be the same at "
                  "every step and for every row",
                  size, atoms.describe(axis)));
  }
  if (atoms.known_size(axis) != size) {
    throw Malformed(
        formatted("has a constant of size {} along the axis {}", size, atoms.describe(axis)));
  }
  AxisMap map{axis, {}};
  for (std::int64_t k = 0; k < size; ++k) map.offsets.push_back(k * stride);
  return map;
}

/// The features of an axis along which a constant has size 1.
void add_repeated(const Atoms& atoms, const Axis& axis, std::vector<AxisMap>& maps) {
  for (const AtomId id : axis) {
    if (atoms[id].role != Role::features) continue;
    maps.push_back({{id}, std::vector<std::int64_t>(static_cast<std::size_t>(*atoms[id].size), 0)});
  }
}

ModelLayer constant_layer(Operation operation, std::vector<float> values, bool first) {
  const auto size = static_cast<std::int64_t>(values.size());
  ModelLayer layer{.spec = ElementwiseSpec{operation, size,
                                           first ? ElementwiseSpec::Constant::first
                                                 : ElementwiseSpec::Constant::second}};
  layer.weights.emplace("operand", carousel::Tensor({size}, values));
  return layer;
}

bool keeps_whole(Operation operation) {
  return operation != Operation::divide && operation != Operation::power &&
         operation != Operation::prelu;
}

bool is_whole(const std::vector<float>& values) {
  return std::ranges::all_of(values, [](float v) { return v == std::floor(v); });
}

/// Whole numbers are computed as floats, which is the same but for divisions.
void check_types(Operation operation, const Tensor& tensor) {
  if (is_float(tensor.type) || keeps_whole(operation)) return;
  throw Refusal("divides integers, or raises them to a power");
}

}  // namespace

bool is_comparison(ElementwiseOperation operation) {
  return operation == Operation::equal || operation == Operation::less ||
         operation == Operation::greater;
}

std::vector<float> frame_constant(const Call& call, const Tensor& tensor, const Array& constant) {
  const Atoms& atoms = call.atoms();
  const std::vector<double> values = to_doubles(constant);
  const std::int64_t size = frame_size(atoms, tensor.layout);
  if (const auto value = only_value(values); value && constant.size() == 1) {
    return std::vector<float>(static_cast<std::size_t>(size), to_float(*value));
  }
  if (constant.shape.size() > tensor.axes.size()) {
    throw Refusal("has a constant with more axes than its operand");
  }
  const std::size_t skipped = tensor.axes.size() - constant.shape.size();
  std::vector<AxisMap> maps;
  std::int64_t stride = 1;
  for (std::size_t k = tensor.axes.size(); k-- > 0;) {
    const std::int64_t extent = k < skipped ? 1 : constant.shape[k - skipped];
    if (extent == 1) {
      add_repeated(atoms, tensor.axes[k], maps);
    } else {
      maps.push_back(constant_map(call, tensor.axes[k], extent, stride));
    }
    stride *= extent;
  }
  std::vector<float> frame;
  for (const std::int64_t at : frame_positions(atoms, tensor.layout, maps)) {
    frame.push_back(to_float(values[static_cast<std::size_t>(at)]));
  }
  return frame;
}

Tensor combine(const Call& call, Operation operation, const Tensor& a, const Tensor& b) {
  check_types(operation, a);
  check_types(operation, b);
  const std::size_t rank = std::max(a.axes.size(), b.axes.size());
  const Tensor left = with_rank(a, rank);
  const Tensor right = with_rank(b, rank);
  Broadcast broadcast(call, left, right);
  const Atoms& atoms = call.atoms();
  Tensor result = left;
  result.axes = atoms.normal(broadcast.axes);
  result.layout = common_layout(atoms, broadcast, left, right);
  const std::size_t first = operand(call, broadcast, result.layout, left, true);
  const std::size_t second = operand(call, broadcast, result.layout, right, false);
  result.flow = call.context.network.add_layer(
      call.where,
      {.spec = ElementwiseSpec{operation, frame_size(atoms, result.layout),
                               ElementwiseSpec::Constant::none}},
      {first, second});
  const bool left_steps = has_steps(atoms, left) && !left.repeats_step;
  const bool right_steps = has_steps(atoms, right) && !right.repeats_step;
  result.repeats_step = (left.repeats_step || right.repeats_step) && !left_steps && !right_steps;
  result.whole = is_comparison(operation) || (keeps_whole(operation) && a.whole && b.whole);
  if (is_comparison(operation)) result.type = ElementType::boolean;
  return result;
}

Tensor combine(const Call& call, Operation operation, const Tensor& tensor, const Array& constant,
               bool first) {
  check_types(operation, tensor);
  const std::optional<double> same = only_value(to_doubles(constant));
  Array used = constant;
  if (same && constant.shape.size() <= tensor.axes.size()) {
    // The value alone, unless the constant makes the tensor larger.
    const std::size_t skipped = tensor.axes.size() - constant.shape.size();
    bool larger = false;
    for (std::size_t k = 0; k < constant.shape.size(); ++k) {
      larger = larger || (constant.shape[k] != 1 && tensor.axes[skipped + k].empty());
    }
    if (!larger) used = from_doubles(ElementType::f64, {}, {*same});
  }
  const Tensor whole = enlarged(call, tensor, used);
  std::vector<float> values = frame_constant(call, whole, used);
  const bool whole_values = is_whole(values);
  Tensor result = apply(call, whole, constant_layer(operation, std::move(values), first));
  result.whole =
      is_comparison(operation) || (keeps_whole(operation) && tensor.whole && whole_values);
  if (is_comparison(operation)) result.type = ElementType::boolean;
  return result;
}

Tensor combine(const Call& call, Operation operation, const Tensor& tensor, double number,
               bool first) {
  return combine(call, operation, tensor, from_doubles(ElementType::f64, {}, {number}), first);
}

Tensor negated_truth(const Call& call, const Tensor& tensor) {
  Tensor result = combine(call, Operation::subtract, tensor, 1.0, true);
  result.type = ElementType::boolean;
  result.whole = true;
  return result;
}

Tensor to_truth(const Call& call, const Tensor& tensor) {
  if (tensor.type == ElementType::boolean) return tensor;
  return negated_truth(call, combine(call, Operation::equal, tensor, 0.0));
}

}  // namespace carousel::loading::onnx
