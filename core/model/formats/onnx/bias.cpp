// SPDX-License-Identifier: Apache-2.0
#include "bias.hpp"

#include "elementwise.hpp"

#include <span>
#include <utility>

namespace carousel::loading::onnx {
namespace {

/// The layer whose result the tensor is, if it is one that can take a bias and has none.
std::optional<ModelLayer> unbiased_layer(const Call& call, const Tensor& tensor) {
  const Flow& flow = call.context.network[tensor.flow];
  if (flow.kind != Flow::Kind::layer) return std::nullopt;
  const auto* dense = std::get_if<DenseSpec>(&flow.layer.spec);
  const auto* convolution = std::get_if<ConvolutionSpec>(&flow.layer.spec);
  const bool open =
      (dense != nullptr && !dense->bias) || (convolution != nullptr && !convolution->bias);
  return open ? std::optional(flow.layer) : std::nullopt;
}

/// Whether the sum has more elements than the tensor.
bool is_larger(const Tensor& tensor, const Array& constant) {
  if (constant.shape.size() > tensor.axes.size()) return true;
  const std::size_t skipped = tensor.axes.size() - constant.shape.size();
  for (std::size_t k = 0; k < constant.shape.size(); ++k) {
    if (constant.shape[k] != 1 && tensor.axes[skipped + k].empty()) return true;
  }
  return false;
}

/// A constant as a bias: in its own type where it stands for the outputs one by one.
std::optional<carousel::Tensor> bias_of(const Call& call, const Tensor& tensor,
                                        const Array& constant, std::int64_t outputs) {
  const std::vector<float> frame = frame_constant(call, tensor, constant);
  const auto count = static_cast<std::size_t>(outputs);
  for (std::size_t k = count; k < frame.size(); ++k) {
    if (frame[k] != frame[k - count]) return std::nullopt;
  }
  const bool one_by_one = !constant.shape.empty() && constant.shape.back() == outputs &&
                          static_cast<std::int64_t>(constant.size()) == outputs &&
                          frame.size() == count && tensor.axes.back() == tensor.layout;
  if (one_by_one) return to_weight(constant, {outputs});
  return carousel::Tensor({outputs}, std::span(frame).first(count));
}

}  // namespace

std::optional<Tensor> with_bias(const Call& call, const Tensor& tensor, const Array& constant) {
  std::optional<ModelLayer> layer = unbiased_layer(call, tensor);
  if (!layer || !is_float(constant.type) || is_larger(tensor, constant)) return std::nullopt;
  auto* dense = std::get_if<DenseSpec>(&layer->spec);
  auto* convolution = std::get_if<ConvolutionSpec>(&layer->spec);
  const std::int64_t outputs = dense != nullptr ? dense->output_size : convolution->out_channels;
  const auto bias = bias_of(call, tensor, constant, outputs);
  if (!bias) return std::nullopt;
  (dense != nullptr ? dense->bias : convolution->bias) = true;
  layer->weights.insert_or_assign("bias", *bias);
  const std::vector<std::size_t> parents = call.context.network[tensor.flow].parents;
  return after(tensor, call.context.network.add_layer(call.where, std::move(*layer), parents));
}

}  // namespace carousel::loading::onnx
