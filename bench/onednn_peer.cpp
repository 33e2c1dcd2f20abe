// SPDX-License-Identifier: Apache-2.0
#include "onednn_peer.hpp"

#include "backends/onednn/dnnl_compat.hpp"
#include "backends/onednn/rnn_weights.hpp"
#include "backends/onednn/scoped_threads.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <unordered_map>

namespace carousel::bench {
namespace {

using dnnl::memory;
using onednn::cpu_engine;
using onednn::Desc;
using onednn::kFloat;
using onednn::Tag;
using Type = memory::data_type;
using PeerArguments = std::unordered_map<int, memory>;

// What a u8 stands for: (u8 - 128) / 127, from -1.008 to 1.
constexpr float kDataScale = 127;
constexpr float kDataShift = 128;
constexpr float kMostWeight = 127;
constexpr int kGatesAndUnits =
    (1 << 3) | (1 << 4);  // of weights [layers, directions, in, gates, units]

/// The element types that a precision has in oneDNN.
struct Types {
  Type data;
  Type weights;
  Type state;   ///< Of h where a run begins and ends; c is float32.
  Type result;  ///< Of the last layer.
};

Types types_of(Precision precision) {
  if (precision == Precision::int8) return {Type::u8, Type::s8, kFloat, kFloat};
  return {Type::bf16, Type::bf16, Type::bf16, Type::bf16};
}

/// A plain array of floats in memory of its own.
memory plain(const Desc& desc, std::span<const float> values) {
  memory made(desc, cpu_engine());
  std::ranges::copy(values, static_cast<float*>(made.get_data_handle()));
  return made;
}

/// The states that a run begins with, and room for those that it ends with.
memory zeros(const Desc& desc) {
  memory made(desc, cpu_engine());
  std::memset(made.get_data_handle(), 0, desc.get_size());
  return made;
}

/// Factors that make the largest weight of each output 127; the rows are the last two axes.
std::vector<float> row_factors(std::span<const float> input, std::span<const float> recurrent,
                               std::size_t rows) {
  std::vector<float> most(rows, 0.0F);
  for (const std::span<const float> matrix : {input, recurrent}) {
    for (std::size_t k = 0; k < matrix.size(); ++k) {
      most[k % rows] = std::max(most[k % rows], std::fabs(matrix[k]));
    }
  }
  for (float& value : most) value = value > 0 ? kMostWeight / value : 1.0F;
  return most;
}

struct PeerLayer {
  dnnl::lstm_forward primitive;
  PeerArguments arguments;
};

/// The weights of an LSTM layer as oneDNN has them: gates and units as columns.
struct PlainWeights {
  explicit PlainWeights(const RecurrentSpec& spec, const ModelLayer& layer)
      : hidden(spec.hidden_size) {
    const auto values = [&](const char* role) {
      const Tensor* weight = find_weight(layer.weights, role);
      return weight == nullptr ? std::vector<float>() : weight->to_float32();
    };
    const auto order = onednn::gate_order(Cell::lstm);
    input = onednn::gate_matrix(values("weight_ih"), order, hidden, spec.input_size);
    recurrent = onednn::gate_matrix(values("weight_hh"), order, hidden, hidden);
    bias = onednn::gate_bias(values("bias_ih"), values("bias_hh"), order, hidden);
  }

  std::int64_t hidden;
  std::vector<float> input;
  std::vector<float> recurrent;
  std::vector<float> bias;
};

const RecurrentSpec& lstm_of(const ModelLayer& layer) {
  const auto* spec = std::get_if<RecurrentSpec>(&layer.spec);
  if (spec == nullptr || *spec != make_spec(Cell::lstm, spec->input_size, spec->hidden_size,
                                            Direction::forward, 0, spec->bias)) {
    throw Error(ErrorCode::unsupported,
                "of oneDNN in other precisions, only plain LSTM layers of one direction are "
                "measured");
  }
  return *spec;
}

class OnednnPeer final : public Runner {
 public:
  OnednnPeer(const Work& work, int threads, Precision precision)
      : Runner(work), threads_(threads), types_(types_of(precision)), stream_(cpu_engine()) {
    const onednn::ScopedThreads scope(threads_);
    const Shape& shape = work.shape;
    x_ = memory(sequence(shape.input, kFloat), cpu_engine(), const_cast<float*>(work.x.data()));
    memory flow(sequence(shape.input, types_.data), cpu_engine());
    const dnnl::primitive_attr attributes = data_attributes();
    round_ = dnnl::reorder(reorder_desc(x_, flow, attributes));
    rounded_ = flow;
    for (const ModelLayer& layer : work.model.layers) {
      const bool last = &layer == &work.model.layers.back();
      flow = add_layer(lstm_of(layer), layer, flow, last);
    }
    result_ = memory(sequence(work.model.output_size(), kFloat), cpu_engine(), y_.data());
    last_ = flow;
    if (types_.result != kFloat) widen_ = dnnl::reorder(reorder_desc(last_, result_, {}));
  }

  void run(std::span<const std::int64_t> lengths) override {
    if (!lengths.empty()) {
      throw Error(ErrorCode::unsupported, "oneDNN: only whole sequences are measured");
    }
    const onednn::ScopedThreads scope(threads_);
    round_.execute(stream_, x_, rounded_);
    for (PeerLayer& layer : layers_) layer.primitive.execute(stream_, layer.arguments);
    if (types_.result != kFloat) widen_.execute(stream_, last_, result_);
    stream_.wait();
  }

  [[nodiscard]] std::string resolved() const override { return "onednn"; }

 private:
  [[nodiscard]] Desc sequence(std::int64_t size, Type type) const {
    return {{work_.shape.steps, work_.shape.batch, size}, type, Tag::tnc};
  }

  [[nodiscard]] bool is_int8() const { return types_.weights == Type::s8; }

  [[nodiscard]] dnnl::primitive_attr data_attributes() const {
    dnnl::primitive_attr attributes;
    if (is_int8()) attributes.set_rnn_data_qparams(kDataScale, kDataShift);
    return attributes;
  }

  static dnnl::reorder::primitive_desc reorder_desc(const memory& from, const memory& to,
                                                    const dnnl::primitive_attr& attributes) {
    return {cpu_engine(), from.get_desc(), cpu_engine(), to.get_desc(), attributes};
  }

  memory packed(const std::vector<float>& values, std::int64_t inputs, std::int64_t hidden,
                const Desc& wanted, const dnnl::primitive_attr& attributes) {
    memory from = plain({{1, 1, inputs, 4, hidden}, kFloat, Tag::ldigo}, values);
    memory to(wanted, cpu_engine());
    dnnl::reorder(reorder_desc(from, to, attributes)).execute(stream_, from, to);
    stream_.wait();
    return to;
  }

  /// Returns what the layer writes to.
  memory add_layer(const RecurrentSpec& spec, const ModelLayer& layer, const memory& input,
                   bool last) {
    const PlainWeights weights(spec, layer);
    const std::int64_t hidden = spec.hidden_size;
    dnnl::primitive_attr attributes = data_attributes();
    if (is_int8()) {
      attributes.set_rnn_weights_qparams(
          kGatesAndUnits,
          row_factors(weights.input, weights.recurrent, static_cast<std::size_t>(4 * hidden)));
    }
    const Desc h({1, 1, work_.shape.batch, hidden}, types_.state, Tag::ldnc);
    const Desc c({1, 1, work_.shape.batch, hidden}, kFloat, Tag::ldnc);
    const Desc result = sequence(hidden, last ? types_.result : types_.data);
    const Desc bias({1, 1, 4, hidden}, kFloat, Tag::ldgo);
    const auto desc = onednn::describe_primitive_with<dnnl::lstm_forward>(
        attributes, cpu_engine(), dnnl::rnn_direction::unidirectional_left2right, input.get_desc(),
        h, c, Desc({1, 1, spec.input_size, 4, hidden}, types_.weights, Tag::any),
        Desc({1, 1, hidden, 4, hidden}, types_.weights, Tag::any), bias, result, h, c);
    const bool in_place = last && types_.result == kFloat;
    memory output =
        in_place ? memory(result, cpu_engine(), y_.data()) : memory(result, cpu_engine());
    layers_.push_back({dnnl::lstm_forward(desc),
                       {{DNNL_ARG_SRC_LAYER, input},
                        {DNNL_ARG_SRC_ITER, zeros(h)},
                        {DNNL_ARG_SRC_ITER_C, zeros(c)},
                        {DNNL_ARG_DST_ITER, zeros(h)},
                        {DNNL_ARG_DST_ITER_C, zeros(c)},
                        {DNNL_ARG_WEIGHTS_LAYER, packed(weights.input, spec.input_size, hidden,
                                                        desc.weights_layer_desc(), attributes)},
                        {DNNL_ARG_WEIGHTS_ITER, packed(weights.recurrent, hidden, hidden,
                                                       desc.weights_iter_desc(), attributes)},
                        {DNNL_ARG_BIAS, plain(bias, weights.bias)},
                        {DNNL_ARG_DST_LAYER, output}}});
    return output;
  }

  int threads_;
  Types types_;
  dnnl::stream stream_;
  memory x_, rounded_, last_, result_;
  dnnl::reorder round_, widen_;
  std::vector<PeerLayer> layers_;
};

}  // namespace

std::unique_ptr<Runner> onednn_peer(const Work& work, int threads, Precision precision) {
  return onednn::translate_errors("LSTM in " + std::string(name(precision)), [&] {
    return std::make_unique<OnednnPeer>(work, threads, precision);
  });
}

}  // namespace carousel::bench
