// SPDX-License-Identifier: Apache-2.0
// Batch, layer, instance and group normalization, and dequantization of constants.
#include "attributes.hpp"
#include "elementwise.hpp"
#include "frames.hpp"
#include "operators.hpp"
#include "sizes.hpp"

#include <algorithm>
#include <cmath>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// A constant with one value for each of the channels, with axes after it so that it stands along
/// the second axis of the tensor.
Array per_channel(const Array& array, const Tensor& tensor) {
  Array result = array;
  result.shape.assign(tensor.axes.size() - 1, 1);
  result.shape[0] = static_cast<std::int64_t>(array.size());
  return result;
}

void check_channels(const Call& call, const Tensor& x, std::size_t scale) {
  if (x.axes.size() < 2) throw Malformed("its input X has less than 2 axes");
  const auto count = static_cast<std::int64_t>(call.constant(scale, "scale").size());
  require_size(call.context, x.axes[1], count, "the channels of its input X");
  fix_role(call.context, x.axes[1], Role::features, "the channels of its input X");
}

struct Normalized {
  Axis along;  ///< What is normalized together.
  float epsilon = 1e-5F;
  std::optional<Array> scale{};  ///< Aligned with the tensor's axes from the right.
  std::optional<Array> bias{};
};

Tensor normalized(const Call& call, const Tensor& x, const Normalized& how) {
  if (!call.atoms().all(how.along, Role::features)) {
    throw Refusal(formatted("normalizes {} together; features of a frame are supported only",
                            call.atoms().describe(how.along)));
  }
  const Tensor last = with_last(call, x, how.along);
  const std::int64_t size = frame_size(call.atoms(), last.layout);
  const std::int64_t group = frame_size(call.atoms(), how.along);
  NormalizationSpec spec{.size = size,
                         .group = group == size ? 0 : group,
                         .epsilon = how.epsilon,
                         .scale = how.scale.has_value(),
                         .bias = how.bias.has_value()};
  ModelLayer layer{.spec = spec};
  const auto add = [&](const char* role, const std::optional<Array>& values) {
    if (!values) return;
    layer.weights.emplace(role, carousel::Tensor({size}, frame_constant(call, last, *values)));
  };
  add("weight", how.scale);
  add("bias", how.bias);
  Tensor result = apply(call, last, std::move(layer));
  result.whole = false;
  return result;
}

Axis axes_from(const Tensor& x, std::size_t first) {
  Axis along;
  for (std::size_t k = first; k < x.axes.size(); ++k) {
    along.insert(along.end(), x.axes[k].begin(), x.axes[k].end());
  }
  return along;
}

/// A parameter of quantization along an axis, or of the whole array.
Array along_axis(const Call& call, std::size_t input, const Array& x) {
  Array array = call.constant(input, "scale or zero point");
  if (array.size() == 1) {
    array.shape.clear();
    return array;
  }
  const std::size_t axis = checked_axis(integer(call.node, "axis", 1), x.shape.size());
  if (array.rank() != 1 || array.shape[0] != x.shape[axis]) {
    throw Refusal("dequantizes block by block, which is not supported");
  }
  array.shape.assign(x.shape.size() - axis, 1);
  array.shape[0] = x.shape[axis];
  return array;
}

}  // namespace

std::vector<Value> batch_normalization(const Call& call) {
  if (integer(call.node, "training_mode", 0) != 0) throw Refusal("is in training mode");
  const Tensor x = call.tensor(0);
  check_channels(call, x, 1);
  const std::vector<double> scale = to_doubles(call.constant(1, "scale"));
  const std::vector<double> bias = to_doubles(call.constant(2, "bias"));
  const std::vector<double> mean = to_doubles(call.constant(3, "mean"));
  const std::vector<double> variance = to_doubles(call.constant(4, "variance"));
  const double epsilon = real(call.node, "epsilon", 1e-5F);
  if (bias.size() != scale.size() || mean.size() != scale.size() ||
      variance.size() != scale.size()) {
    throw Malformed("its scale, bias, mean and variance differ in size");
  }
  std::vector<double> factor(scale.size());
  std::vector<double> addend(scale.size());
  for (std::size_t k = 0; k < scale.size(); ++k) {
    if (variance[k] + epsilon <= 0.0) {
      throw Malformed(
          formatted("has no defined result for the variance {} (channel {}) and the epsilon {}",
                    variance[k], k, epsilon));
    }
    factor[k] = scale[k] / std::sqrt(variance[k] + epsilon);
    addend[k] = bias[k] - mean[k] * factor[k];
  }
  const auto array = [&](const std::vector<double>& values) {
    const auto size = static_cast<std::int64_t>(values.size());
    return per_channel(from_doubles(ElementType::f64, {size}, values), x);
  };
  const Tensor product = combine(call, ElementwiseOperation::multiply, x, array(factor));
  return {combine(call, ElementwiseOperation::add, product, array(addend))};
}

std::vector<Value> layer_normalization(const Call& call) {
  const Tensor x = call.tensor(0);
  for (std::size_t k = 1; k < call.outputs(); ++k) {
    if (call.graph.readers(call.node.output(static_cast<int>(k))) > 0) {
      throw Refusal("its outputs Mean and InvStdDev are not supported");
    }
  }
  const std::size_t axis = checked_axis(integer(call.node, "axis", -1), x.axes.size());
  Normalized how{.along = axes_from(x, axis), .epsilon = real(call.node, "epsilon", 1e-5F)};
  how.scale = call.constant(1, "scale");
  if (call.has(2)) how.bias = call.constant(2, "bias");
  return {normalized(call, x, how)};
}

std::vector<Value> instance_normalization(const Call& call) {
  const Tensor x = call.tensor(0);
  check_channels(call, x, 1);
  const Normalized how{.along = axes_from(x, 2),
                       .epsilon = real(call.node, "epsilon", 1e-5F),
                       .scale = per_channel(call.constant(1, "scale"), x),
                       .bias = per_channel(call.constant(2, "bias"), x)};
  return {normalized(call, x, how)};
}

std::vector<Value> group_normalization(const Call& call) {
  Tensor x = call.tensor(0);
  if (x.axes.size() < 2) throw Malformed("its input X has less than 2 axes");
  const std::int64_t groups = integer(call.node, "num_groups", 0);
  fix_role(call.context, x.axes[1], Role::features, "the channels of its input X");
  const std::int64_t channels = call.atoms().known_size(x.axes[1]).value_or(0);
  if (groups < 1 || channels % groups != 0)
    throw Malformed("its groups do not divide its channels");
  const std::vector<Axis> axes = x.axes;
  const Tensor split = split_axis(call, x, 1, groups);
  const auto parameter = [&](std::size_t input) {
    Array array = call.constant(input, "scale or bias");
    const bool by_group = static_cast<std::int64_t>(array.size()) == groups;
    if (!by_group && static_cast<std::int64_t>(array.size()) != channels) {
      throw Malformed("its scale or bias has other than one value for each channel or group");
    }
    array.shape.assign(split.axes.size() - 1, 1);
    array.shape[0] = groups;
    if (!by_group) array.shape[1] = channels / groups;
    return array;
  };
  const Normalized how{.along = axes_from(split, 2),
                       .epsilon = real(call.node, "epsilon", 1e-5F),
                       .scale = parameter(1),
                       .bias = parameter(2)};
  Tensor result = normalized(call, split, how);
  result.axes[1].insert(result.axes[1].end(), result.axes[2].begin(), result.axes[2].end());
  result.axes.erase(result.axes.begin() + 2);
  return {std::move(result)};
}

std::vector<Value> dequantize(const Call& call) {
  if (call.is_tensor(0)) throw Refusal("dequantizes values of the network");
  const Array& x = call.constant(0, "input");
  const Array scale = along_axis(call, 1, x);
  Array difference = from_doubles(ElementType::f64, x.shape, to_doubles(x));
  if (call.has(2)) difference = fold_binary("Sub", difference, along_axis(call, 2, x));
  const Array result = fold_binary("Mul", difference, scale);
  return {constant_value(onnx::cast(result, ElementType::f32))};
}

}  // namespace carousel::loading::onnx
