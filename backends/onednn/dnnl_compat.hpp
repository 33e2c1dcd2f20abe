// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>

#include <oneapi/dnnl/dnnl.hpp>

#include <string>
#include <utility>

/// The one file that knows that oneDNN 2.x and 3.x differ: 3.x has no operation descriptors, their
/// arguments go to the primitive descriptor. Everything else that this backend uses is the same.
namespace carousel::onednn {

using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;

inline constexpr auto kFloat = dnnl::memory::data_type::f32;

/// The memory descriptors of a recurrent layer; the state goes out in the layout it came in.
struct RnnDescs {
  dnnl::rnn_direction direction{};
  Desc src_layer;
  Desc src_iter;
  Desc src_iter_c;
  Desc weights_layer;
  Desc weights_iter;
  Desc weights_projection;  ///< empty without projection
  Desc bias;
  Desc dst_layer;
};

using LstmDesc = dnnl::lstm_forward::primitive_desc;
using LinearDesc = dnnl::inner_product_forward::primitive_desc;

/// The scratchpad is passed at each execution: oneDNN would else allocate it, or share one between
/// the primitives of a thread.
inline dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

inline LstmDesc lstm_desc(const dnnl::engine& engine, const RnnDescs& d) {
  constexpr auto kind = dnnl::prop_kind::forward_inference;
  const Desc no_peephole;
#if DNNL_VERSION_MAJOR >= 3
  return {engine,           kind,
          d.direction,      d.src_layer,
          d.src_iter,       d.src_iter_c,
          d.weights_layer,  d.weights_iter,
          no_peephole,      d.weights_projection,
          d.bias,           d.dst_layer,
          d.src_iter,       d.src_iter_c,
          user_scratchpad()};
#else
  const dnnl::lstm_forward::desc operation(
      kind, d.direction, d.src_layer, d.src_iter, d.src_iter_c, d.weights_layer, d.weights_iter,
      no_peephole, d.weights_projection, d.bias, d.dst_layer, d.src_iter, d.src_iter_c);
  return {operation, user_scratchpad(), engine};
#endif
}

inline LinearDesc linear_desc(const dnnl::engine& engine, const Desc& src, const Desc& weights,
                              const Desc& bias, const Desc& dst) {
  constexpr auto kind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kind, src, weights, bias, dst, user_scratchpad()};
#else
  const dnnl::inner_product_forward::desc operation(kind, src, weights, bias, dst);
  return {operation, user_scratchpad(), engine};
#endif
}

/// The CPU engine, made at first use. Never destroyed: a layer in a static variable of the
/// application may outlive anything that we could destroy it with.
inline const dnnl::engine& cpu_engine() {
  static const auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

/// Calls `make` and turns what oneDNN throws into an Error that says what was being made.
template <class Make>
auto translate_errors(const std::string& what, Make&& make) {
  try {
    return std::forward<Make>(make)();
  } catch (const dnnl::error& e) {
    throw Error("oneDNN cannot make the " + what + ": " + e.what());
  }
}

}  // namespace carousel::onednn
