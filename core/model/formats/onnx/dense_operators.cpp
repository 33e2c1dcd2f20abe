// SPDX-License-Identifier: Apache-2.0
// Embeddings, and products with constant matrices.
#include "attributes.hpp"
#include "bias.hpp"
#include "elementwise.hpp"
#include "frames.hpp"
#include "linear.hpp"
#include "operators.hpp"
#include "sizes.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// A constant with two axes; more of size 1 before them do no harm.
Array matrix(const Call& call, std::size_t input, const char* what) {
  Array array = call.constant(input, what);
  while (array.rank() > 2 && array.shape.front() == 1) array.shape.erase(array.shape.begin());
  if (array.rank() == 2) return array;
  throw Refusal(
      formatted("its {} has the shape {}, but must be a matrix", what, shape_text(array.shape)));
}

/// The weight times a number; as it is for 1, else as float32.
carousel::Tensor scaled(const carousel::Tensor& weight, float factor) {
  if (factor == 1.0F) return weight;
  std::vector<float> values = weight.to_float32();
  for (float& value : values) value *= factor;
  return {weight.shape(), values};
}

[[noreturn]] void refuse_product() {
  throw Refusal(
      "multiplies two tensors of the network, as attention does; one factor must be "
      "constant");
}

/// A MatMul with a vector, which has no axis of its own in the result.
Tensor times_vector(const Call& call, const Tensor& tensor, Array vector, std::size_t axis) {
  vector.shape.insert(vector.shape.begin(), 1);
  Tensor result = linear(call, tensor, axis, to_weight(vector, vector.shape));
  result.axes.erase(result.axes.begin() + static_cast<std::ptrdiff_t>(axis));
  return result;
}

Tensor matmul_of(const Call& call) {
  if (call.is_tensor(0) && call.is_tensor(1)) refuse_product();
  if (call.is_tensor(0)) {
    const Tensor tensor = call.tensor(0);
    if (tensor.axes.empty()) throw Malformed("its first factor has no axes");
    const Array& b = call.constant(1, "second factor");
    const std::size_t last = tensor.axes.size() - 1;
    if (b.rank() == 1) return times_vector(call, tensor, b, last);
    return linear(call, tensor, last, transposed_weight(matrix(call, 1, "second factor")));
  }
  const Tensor tensor = call.tensor(1);
  if (tensor.axes.empty()) throw Malformed("its second factor has no axes");
  const std::size_t axis = tensor.axes.size() - std::min<std::size_t>(tensor.axes.size(), 2);
  const Array& a = call.constant(0, "first factor");
  if (a.rank() == 1) return times_vector(call, tensor, a, axis);
  const Array weight = matrix(call, 0, "first factor");
  return linear(call, tensor, axis, to_weight(weight, weight.shape));
}

/// A Gemm's tensor with its axes as the product has them, contracted along the one at `axis`.
Tensor gemm_product(const Call& call) {
  if (call.is_tensor(0) && call.is_tensor(1)) refuse_product();
  const std::size_t factor = call.is_tensor(0) ? 0 : 1;
  Tensor tensor = call.tensor(factor);
  if (tensor.axes.size() != 2) {
    throw Refusal(formatted("its factor {} must have 2 axes", call.atoms().describe(tensor.axes)));
  }
  const bool trans_a = integer(call.node, "transA", 0) != 0;
  const bool trans_b = integer(call.node, "transB", 0) != 0;
  if (factor == 0 ? trans_a : trans_b) std::swap(tensor.axes[0], tensor.axes[1]);
  const Array constant = matrix(call, 1 - factor, factor == 0 ? "second factor" : "first factor");
  // As [outputs, inputs].
  const bool as_it_is = factor == 0 ? trans_b : !trans_a;
  const carousel::Tensor weight =
      as_it_is ? to_weight(constant, constant.shape) : transposed_weight(constant);
  return linear(call, tensor, factor == 0 ? 1 : 0, scaled(weight, real(call.node, "alpha", 1.0F)));
}

Tensor with_addend(const Call& call, const Tensor& product, std::size_t input) {
  const float beta = real(call.node, "beta", 1.0F);
  if (call.is_tensor(input)) {
    Tensor addend = call.tensor(input);
    if (beta != 1.0F) addend = combine(call, ElementwiseOperation::multiply, addend, beta);
    return combine(call, ElementwiseOperation::add, product, addend);
  }
  const std::optional<Repeated> constant = as_repeated(call.input(input));
  if (!constant) throw Refusal("its input C is not known");
  const Array factor = from_doubles(ElementType::f64, {}, {static_cast<double>(beta)});
  const Array c = beta == 1.0F ? *constant->array : fold_binary("Mul", *constant->array, factor);
  const std::optional<Tensor> biased = with_bias(call, product, c);
  return biased ? *biased : combine(call, ElementwiseOperation::add, product, c);
}

/// The ids that an embedding looks up: an input of the model, one id in a frame. Axes that would
/// make it several are steps and rows.
Tensor read_ids(const Call& call) {
  Tensor ids = call.raw_tensor(1);
  Context& context = call.context;
  const Flow& flow = context.network[ids.flow];
  if (flow.kind != Flow::Kind::input || is_float(flow.type)) {
    throw Refusal("its indices are not an input of integers");
  }
  for (std::size_t k = ids.axes.size(); k-- > 0;) {
    if (!context.atoms.any(ids.axes[k], Role::features)) continue;
    const bool last =
        k + 1 == ids.axes.size() || std::ranges::none_of(ids.axes, [&](const Axis& axis) {
          return context.atoms.any(axis, Role::steps);
        });
    fix_role(context, ids.axes[k], last ? Role::steps : Role::batch, "an axis of its indices",
             false);
  }
  return ids;
}

}  // namespace

carousel::Tensor transposed_weight(const Array& array) {
  return to_weight(gathered(array, pick_transposed(array.shape, {1, 0})),
                   {array.shape[1], array.shape[0]});
}

Tensor linear(const Call& call, const Tensor& given, std::size_t axis, carousel::Tensor weight) {
  Context& context = call.context;
  const std::int64_t outputs = weight.shape()[0];
  const std::int64_t inputs = weight.shape()[1];
  require_size(context, given.axes[axis], inputs, "the axis that it multiplies");
  const bool several = given.axes[axis].size() > 1 &&
                       context.atoms.any(given.axes[axis], Role::steps) &&
                       !context.atoms.any(given.axes[axis], Role::batch);
  const Tensor tensor = several ? steps_as_features(call, given) : given;
  if (!context.atoms.all(tensor.axes[axis], Role::features)) {
    fix_role(context, tensor.axes[axis], Role::features, "the axis that it multiplies");
  }
  context.budget.take(weight.bytes().size());
  Tensor result = with_last(call, tensor, tensor.axes[axis]);
  const std::int64_t positions = frame_size(context.atoms, result.layout) / inputs;
  ModelLayer layer;
  if (positions == 1) {
    layer.spec = DenseSpec{inputs, outputs, false};
    layer.weights.emplace("weight", std::move(weight));
  } else {
    layer.spec = ConvolutionSpec{
        .in_channels = inputs, .out_channels = outputs, .length = positions, .bias = false};
    const auto bytes = weight.bytes();
    layer.weights.emplace("weight", carousel::Tensor(weight.dtype(), {outputs, inputs, 1},
                                                     {bytes.begin(), bytes.end()}));
  }
  result = apply(call, result, std::move(layer));
  result.layout.resize(result.layout.size() - tensor.axes[axis].size());
  result.axes[axis] = new_axis(context, outputs, Role::features);
  result.layout.insert(result.layout.end(), result.axes[axis].begin(), result.axes[axis].end());
  result.whole = false;
  return result;
}

std::vector<Value> embedding(const Call& call) {
  if (call.is_tensor(0)) throw Refusal("looks up values of the network");
  const Array table = call.constant(0, "table");
  if (table.rank() != 2) {
    throw Refusal(
        formatted("its table has the shape {}, but must be a matrix", shape_text(table.shape)));
  }
  if (integer(call.node, "axis", 0) != 0) throw Refusal("looks up other than rows of its table");
  if (table.shape[0] < 1 || table.shape[1] < 1) throw Malformed("its table is empty");
  const Tensor ids = read_ids(call);
  call.context.budget.take(table.data.size());
  ModelLayer layer{.spec = EmbeddingSpec{table.shape[0], table.shape[1]}};
  layer.weights.emplace("weight", to_weight(table, table.shape));
  Tensor result = apply(call, ids, std::move(layer));
  result.axes.push_back(new_axis(call.context, table.shape[1], Role::features));
  result.layout = result.axes.back();
  result.type = table.type;
  result.whole = false;
  return {std::move(result)};
}

std::vector<Value> matmul(const Call& call) {
  if (call.is_tensor(0) || call.is_tensor(1)) return {matmul_of(call)};
  return {constant_value(fold_product(call.constant(0, "first factor"),
                                      call.constant(1, "second factor"), call.context.budget))};
}

std::vector<Value> gemm(const Call& call) {
  const Tensor product = gemm_product(call);
  return {call.has(2) ? with_addend(call, product, 2) : product};
}

}  // namespace carousel::loading::onnx
