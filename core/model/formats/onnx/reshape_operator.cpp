// SPDX-License-Identifier: Apache-2.0
// Reshape and Flatten: the same elements along other axes.
#include "attributes.hpp"
#include "frames.hpp"
#include "operators.hpp"

#include <algorithm>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// What a reshape asks for: sizes, or "whatever is left".
struct Target {
  std::vector<Dim> sizes;
  std::optional<std::size_t> inferred;  ///< Index of the axis that is not told.
};

Tensor unpadded(const Call& call) {
  Tensor tensor = call.raw_tensor(0);
  if (tensor.padding != StepPadding{}) throw Refusal("reshapes padded steps");
  return tensor;
}

Target read_target(const Call& call, const std::vector<std::optional<Dim>>& from) {
  const std::optional<Integers> given = as_integers(call.input(1));
  if (!given || given->shape.size() != 1) throw Refusal("its shape is not known");
  const bool zero_is_size = integer(call.node, "allowzero", 0) != 0;
  Target target;
  for (std::size_t k = 0; k < given->elements.size(); ++k) {
    std::optional<Dim> size = given->elements[k];
    if (size == Dim{0, {}} && !zero_is_size && k < from.size()) size = from[k];
    if (!size || size == Dim{-1, {}}) {
      // Of several sizes that are not known, any might be any.
      if (target.inferred) throw Refusal("its shape is not known");
      target.inferred = k;
      size = Dim{};
    }
    target.sizes.push_back(call.atoms().normal(*size));
  }
  return target;
}

/// Distributes the atoms of a tensor, in their order, over axes of other sizes.
class Regrouping {
 public:
  Regrouping(Context& context, Tensor tensor) : context_(context), tensor_(std::move(tensor)) {
    for (const Axis& axis : tensor_.axes) rest_.insert(rest_.end(), axis.begin(), axis.end());
  }

  Tensor run(const Target& target) {
    const std::size_t count = target.sizes.size();
    const std::size_t middle = target.inferred.value_or(count);
    std::vector<Axis> axes(count);
    for (std::size_t k = 0; k < middle; ++k) axes[k] = take(target.sizes[k], false);
    for (std::size_t k = count; k-- > middle + 1;) axes[k] = take(target.sizes[k], true);
    if (target.inferred) {
      axes[middle] = rest_;
    } else if (!rest_.empty()) {
      throw Refusal(formatted("reshapes {} to fewer elements than there are",
                              context_.atoms.describe(tensor_.axes)));
    }
    tensor_.axes = std::move(axes);
    return std::move(tensor_);
  }

 private:
  /// Takes atoms from one end until they make up `size`; what is too large is split.
  Axis take(const Dim& size, bool from_end) {
    Axis taken;
    while (context_.atoms.size_of(taken) != size) {
      if (rest_.empty()) refuse();
      const std::optional<std::int64_t> missing = missing_factor(size, taken);
      const AtomId next = from_end ? rest_.back() : rest_.front();
      const std::optional<std::int64_t> found = context_.atoms[next].size;
      if (missing && found && *missing % *found != 0) split(next, *missing, from_end);
      const auto at = from_end ? rest_.end() - 1 : rest_.begin();
      taken.insert(from_end ? taken.begin() : taken.end(), *at);
      rest_.erase(at);
    }
    return taken;
  }

  /// By how much the atoms that were taken must still be multiplied, if that is known.
  [[nodiscard]] std::optional<std::int64_t> missing_factor(const Dim& size,
                                                           const Axis& taken) const {
    const std::optional<std::int64_t> product = context_.atoms.known_size(taken);
    if (!size.known() || !product) return std::nullopt;
    if (*product == 0 || size.factor % *product != 0 || size.factor == *product) refuse();
    return size.factor / *product;
  }

  /// One atom becomes two, the one at this end of that size.
  void split(AtomId id, std::int64_t size, bool from_end) {
    const Atom atom = context_.atoms[id];
    if (atom.role != Role::features || *atom.size % size != 0) refuse();
    const AtomId outer = context_.atoms.add({from_end ? *atom.size / size : size, Role::features});
    const AtomId inner = context_.atoms.add({from_end ? size : *atom.size / size, Role::features});
    for (Axis* list : {&rest_, &tensor_.layout}) {
      const auto at = std::ranges::find(*list, id);
      *at = inner;
      list->insert(at, outer);
    }
  }

  [[noreturn]] void refuse() const {
    throw Refusal(formatted("reshapes {} into axes that are no whole ones of these",
                            context_.atoms.describe(tensor_.axes)));
  }

  Context& context_;
  Tensor tensor_;
  Axis rest_;
};

/// The tensor with features that follow each other, across axes, as one.
Tensor with_merged_features(const Call& call, const Tensor& tensor) {
  Context& context = call.context;
  Tensor result = in_order(call, tensor);
  Axis all;
  for (const Axis& axis : result.axes) all.insert(all.end(), axis.begin(), axis.end());
  Axis merged;
  Axis run;
  result.layout.clear();
  const auto end_run = [&] {
    if (run.empty()) return;
    merged.push_back(context.atoms.add({context.atoms.known_size(run), Role::features}));
    result.layout.push_back(merged.back());
    run.clear();
  };
  for (const AtomId id : all) {
    if (context.atoms[id].role == Role::features) {
      run.push_back(id);
    } else {
      end_run();
      merged.push_back(id);
    }
  }
  end_run();
  result.axes = {merged};
  return result;
}

Tensor regrouped(const Call& call, const Tensor& tensor, const Target& target) {
  try {
    return Regrouping(call.context, tensor).run(target);
  } catch (const Refusal& refusal) {
    if (frame_size(call.atoms(), tensor.layout) == 1 || tensor.layout.size() < 2) throw;
    try {
      return Regrouping(call.context, with_merged_features(call, tensor)).run(target);
    } catch (const Refusal&) {
      throw Refusal(refusal.what(), refusal.code());
    }
  }
}

/// The target of a reshape of known elements, with -1 and 0 replaced.
Shape known_target(const Call& call, const Shape& from) {
  Shape target = known_integers(call.input(1), "its shape");
  const bool zero_is_size = integer(call.node, "allowzero", 0) != 0;
  std::int64_t product = 1;
  for (std::size_t k = 0; k < target.size(); ++k) {
    if (target[k] == 0 && !zero_is_size && k < from.size()) target[k] = from[k];
    if (target[k] == -1) continue;
    const auto next = target[k] < 0 ? std::nullopt : checked_multiply(product, target[k]);
    if (!next) throw Malformed("its shape is " + shape_text(target));
    product = *next;
  }
  const auto inferred = std::ranges::find(target, -1);
  if (inferred != target.end()) *inferred = product == 0 ? 0 : checked_count(from) / product;
  return target;
}

/// The same value everywhere has any shape.
Value reshaped_repeated(const Call& call, const Repeated& filled) {
  if (filled.array->size() != 1) {
    throw Refusal("reshapes a constant that is repeated as often as the network's sizes say");
  }
  const Target target = read_target(call, filled.sizes);
  Array one = *filled.array;
  one.shape.assign(target.sizes.size(), 1);
  Repeated result{std::make_shared<Array>(std::move(one)), {}};
  for (std::size_t k = 0; k < target.sizes.size(); ++k) {
    result.sizes.push_back(k == target.inferred ? std::nullopt : std::optional(target.sizes[k]));
  }
  return simplified(std::move(result));
}

}  // namespace

std::vector<Value> reshape(const Call& call) {
  const Value& operand = call.input(0);
  if (call.is_tensor(0)) {
    const Tensor tensor = unpadded(call);
    std::vector<std::optional<Dim>> sizes;
    for (const Axis& axis : tensor.axes) sizes.push_back(call.atoms().size_of(axis));
    return {regrouped(call, tensor, read_target(call, sizes))};
  }
  if (const auto* filled = std::get_if<Repeated>(&operand)) {
    return {reshaped_repeated(call, *filled)};
  }
  if (const auto* size = std::get_if<RepeatedSize>(&operand)) {
    return {RepeatedSize{size->size, {std::nullopt}}};
  }
  return {reshaped(operand, known_target(call, known_shape(operand)))};
}

std::vector<Value> flatten(const Call& call) {
  const auto merged = [&](std::size_t rank) {
    const std::int64_t axis = integer(call.node, "axis", 1);
    return axis == static_cast<std::int64_t>(rank) ? rank : checked_axis(axis, rank);
  };
  if (call.is_tensor(0)) {
    Tensor tensor = unpadded(call);
    const std::size_t axis = merged(tensor.axes.size());
    std::vector<Axis> axes(2);
    for (std::size_t k = 0; k < tensor.axes.size(); ++k) {
      Axis& to = axes[k < axis ? 0 : 1];
      to.insert(to.end(), tensor.axes[k].begin(), tensor.axes[k].end());
    }
    tensor.axes = std::move(axes);
    return {std::move(tensor)};
  }
  const Shape shape = known_shape(call.input(0));
  const auto middle = shape.begin() + static_cast<std::ptrdiff_t>(merged(shape.size()));
  return {reshaped(call.input(0), {checked_count(Shape(shape.begin(), middle)),
                                   checked_count(Shape(middle, shape.end()))})};
}

}  // namespace carousel::loading::onnx
