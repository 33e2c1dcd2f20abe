// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/rnn_primitive.hpp"

#include <utility>

namespace carousel::onednn {
LstmDesc describe_direction(const LayerSpec& spec, bool reverse, std::int64_t steps,
                            std::int64_t batch) {
  const std::int64_t inputs = spec.input_size;
  const std::int64_t hidden = spec.hidden_size;
  const std::int64_t state = spec.state_size();
  const std::int64_t output = spec.output_size();
  RnnDescs d;
  d.direction = reverse ? dnnl::rnn_direction::unidirectional_right2left
                        : dnnl::rnn_direction::unidirectional_left2right;
  d.src_layer = Desc({steps, batch, inputs}, kFloat, Tag::tnc);
  d.src_iter = Desc({1, 1, batch, state}, kFloat, Tag::ldnc);
  d.src_iter_c = Desc({1, 1, batch, hidden}, kFloat, Tag::ldnc);
  d.weights_layer = Desc({1, 1, inputs, spec.gates(), hidden}, kFloat, Tag::any);
  d.weights_iter = Desc({1, 1, state, spec.gates(), hidden}, kFloat, Tag::any);
  if (spec.proj_size > 0) {
    d.weights_projection = Desc({1, 1, hidden, spec.proj_size}, kFloat, Tag::any);
  }
  d.bias = Desc({1, 1, spec.gates(), hidden}, kFloat, Tag::ldgo);
  // Strided, so that each direction of a bidirectional layer writes its half of y in place.
  d.dst_layer = Desc({steps, batch, state}, kFloat, Dims{batch * output, output, 1});
  return lstm_desc(cpu_engine(), d);
}

RnnPrimitive::RnnPrimitive(const LayerSpec& spec, bool reverse, std::int64_t steps,
                           std::int64_t batch, const RnnWeights& weights)
    : steps_(steps) {
  const LstmDesc desc = describe_direction(spec, reverse, steps, batch);
  x_ = unbound(desc.src_layer_desc());
  y_ = unbound(desc.dst_layer_desc());
  h_in_ = unbound(desc.src_iter_desc());
  c_in_ = unbound(desc.src_iter_c_desc());
  h_out_ = unbound(desc.dst_iter_desc());
  c_out_ = unbound(desc.dst_iter_c_desc());
  execution_ = Execution(dnnl::lstm_forward(desc), desc.scratchpad_desc());
  execution_.add(DNNL_ARG_SRC_LAYER, x_);
  execution_.add(DNNL_ARG_DST_LAYER, y_);
  execution_.add(DNNL_ARG_SRC_ITER, h_in_);
  execution_.add(DNNL_ARG_SRC_ITER_C, c_in_);
  execution_.add(DNNL_ARG_DST_ITER, h_out_);
  execution_.add(DNNL_ARG_DST_ITER_C, c_out_);
  execution_.add(DNNL_ARG_WEIGHTS_LAYER, weights.layer.as(desc.weights_layer_desc()));
  execution_.add(DNNL_ARG_WEIGHTS_ITER, weights.iter.as(desc.weights_iter_desc()));
  execution_.add(DNNL_ARG_BIAS, weights.bias.as(desc.bias_desc()));
  if (spec.proj_size > 0) {
    execution_.add(DNNL_ARG_WEIGHTS_PROJECTION,
                   weights.projection.as(desc.weights_projection_desc()));
  }
}

bool RnnPrimitive::run(const dnnl::stream& stream, const RnnBuffers& b) noexcept {
  return set_pointer(x_, b.x) && set_pointer(y_, b.y) && set_pointer(h_in_, b.h_in) &&
         set_pointer(c_in_, b.c_in) && set_pointer(h_out_, b.h_out) &&
         set_pointer(c_out_, b.c_out) && execution_.run(stream);
}

}  // namespace carousel::onednn
