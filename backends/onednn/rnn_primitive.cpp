// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/rnn_primitive.hpp"

namespace carousel::onednn {
namespace {

/// The memory descriptors of a recurrent layer; the state goes out in the layout it came in.
struct RnnDescs {
  dnnl::rnn_direction direction{};
  Desc src_layer;
  Desc src_iter;
  Desc src_iter_c;
  Desc weights_layer;
  Desc weights_iter;
  Desc weights_projection;  ///< Empty without projection.
  Desc weights_peephole;    ///< Empty without peepholes.
  Desc bias;
  Desc dst_layer;
};

RnnDescs memory_descs(const RecurrentSpec& spec, bool reverse, std::int64_t steps,
                      std::int64_t batch) {
  const std::int64_t hidden = spec.hidden_size;
  const std::int64_t state = spec.state_size();
  const std::int64_t output = spec.output_size();
  RnnDescs d;
  d.direction = reverse ? dnnl::rnn_direction::unidirectional_right2left
                        : dnnl::rnn_direction::unidirectional_left2right;
  d.src_layer = Desc({steps, batch, spec.input_size}, kFloat, Tag::tnc);
  d.src_iter = Desc({1, 1, batch, state}, kFloat, Tag::ldnc);
  d.src_iter_c = Desc({1, 1, batch, hidden}, kFloat, Tag::ldnc);
  d.weights_layer = Desc({1, 1, spec.input_size, spec.gates(), hidden}, kFloat, Tag::any);
  d.weights_iter = Desc({1, 1, state, spec.gates(), hidden}, kFloat, Tag::any);
  if (spec.proj_size > 0) {
    d.weights_projection = Desc({1, 1, hidden, spec.proj_size}, kFloat, Tag::any);
  }
  if (spec.peephole) d.weights_peephole = Desc({1, 1, 3, hidden}, kFloat, Tag::ldgo);
  d.bias = Desc({1, 1, bias_blocks(spec), hidden}, kFloat, Tag::ldgo);
  // Strided, so that each direction of a bidirectional layer writes its half of y in place.
  d.dst_layer = Desc({steps, batch, state}, kFloat, Dims{batch * output, output, 1});
  return d;
}

RnnDesc lstm_desc(const RnnDescs& d) {
  return describe_primitive<dnnl::lstm_forward>(cpu_engine(), d.direction, d.src_layer, d.src_iter,
                                                d.src_iter_c, d.weights_layer, d.weights_iter,
                                                d.weights_peephole, d.weights_projection, d.bias,
                                                d.dst_layer, d.src_iter, d.src_iter_c);
}

template <class Primitive>
RnnDesc gru_desc(const RnnDescs& d) {
  return describe_primitive<Primitive>(cpu_engine(), d.direction, d.src_layer, d.src_iter,
                                       d.weights_layer, d.weights_iter, d.bias, d.dst_layer,
                                       d.src_iter);
}

RnnDesc vanilla_desc(dnnl::algorithm function, const RnnDescs& d) {
  return describe_primitive<dnnl::vanilla_rnn_forward>(
      cpu_engine(), function, d.direction, d.src_layer, d.src_iter, d.weights_layer, d.weights_iter,
      d.bias, d.dst_layer, d.src_iter);
}

}  // namespace

dnnl::algorithm vanilla_function(ActivationKind kind) noexcept {
  switch (kind) {
    case ActivationKind::tanh: return dnnl::algorithm::eltwise_tanh;
    case ActivationKind::relu: return dnnl::algorithm::eltwise_relu;
    case ActivationKind::sigmoid: return dnnl::algorithm::eltwise_logistic;
    default: return dnnl::algorithm::undef;
  }
}

RnnDesc describe_direction(const RecurrentSpec& spec, std::size_t direction, std::int64_t steps,
                           std::int64_t batch) {
  const RnnDescs d = memory_descs(spec, is_reverse(spec, direction), steps, batch);
  switch (spec.cell) {
    case Cell::gru:
      return spec.linear_before_reset ? gru_desc<dnnl::lbr_gru_forward>(d)
                                      : gru_desc<dnnl::gru_forward>(d);
    case Cell::rnn: return vanilla_desc(vanilla_function(spec.activations[direction][0].kind), d);
    default: return lstm_desc(d);
  }
}

RnnPrimitive::RnnPrimitive(const RecurrentSpec& spec, std::size_t direction, std::int64_t steps,
                           std::int64_t batch, const RnnWeights& weights)
    : steps_(steps) {
  const RnnDesc desc = describe_direction(spec, direction, steps, batch);
  execution_ = Execution(dnnl::primitive(desc), desc.scratchpad_desc());
  x_ = add_unbound(DNNL_ARG_SRC_LAYER, desc.src_layer_desc());
  y_ = add_unbound(DNNL_ARG_DST_LAYER, desc.dst_layer_desc());
  states_.push_back({add_unbound(DNNL_ARG_SRC_ITER, desc.src_iter_desc()),
                     add_unbound(DNNL_ARG_DST_ITER, desc.dst_iter_desc())});
  if (spec.cell == Cell::lstm) {
    states_.push_back({add_unbound(DNNL_ARG_SRC_ITER_C, desc.src_iter_c_desc()),
                       add_unbound(DNNL_ARG_DST_ITER_C, desc.dst_iter_c_desc())});
  }
  execution_.add(DNNL_ARG_WEIGHTS_LAYER, weights.layer.as(desc.weights_layer_desc()));
  execution_.add(DNNL_ARG_WEIGHTS_ITER, weights.iter.as(desc.weights_iter_desc()));
  execution_.add(DNNL_ARG_BIAS, weights.bias.as(desc.bias_desc()));
  if (spec.proj_size > 0) {
    execution_.add(DNNL_ARG_WEIGHTS_PROJECTION,
                   weights.projection.as(desc.weights_projection_desc()));
  }
  if (spec.peephole) {
    execution_.add(DNNL_ARG_WEIGHTS_PEEPHOLE, weights.peephole.as(desc.weights_peephole_desc()));
  }
}

dnnl::memory RnnPrimitive::add_unbound(int id, const Desc& desc) {
  dnnl::memory memory = unbound(desc);
  execution_.add(id, memory);
  return memory;
}

bool RnnPrimitive::run(const dnnl::stream& stream, const RnnBuffers& b) noexcept {
  for (std::size_t k = 0; k < states_.size(); ++k) {
    if (!set_pointer(states_[k].in, b.in[k].data())) return false;
    if (!set_pointer(states_[k].out, b.out[k].data())) return false;
  }
  return set_pointer(x_, b.x) && set_pointer(y_, b.y) && execution_.run(stream);
}

}  // namespace carousel::onednn
