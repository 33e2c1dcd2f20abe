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

/// The primitive descriptor of any kind of recurrent layer.
using RnnDesc = dnnl::rnn_primitive_desc_base;
using DenseDesc = dnnl::inner_product_forward::primitive_desc;

/// Attributes of primitives that get their scratchpad at each execution. By default oneDNN would
/// allocate it, or share one between the primitives of a thread.
inline dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

/// A descriptor of the kind `Primitive` for inference. `args` are the arguments of oneDNN's
/// constructor after the propagation kind. Throws dnnl::error.
template <class Primitive, class... Args>
typename Primitive::primitive_desc describe_primitive_with(const dnnl::primitive_attr& attributes,
                                                           const dnnl::engine& engine,
                                                           const Args&... args) {
  constexpr auto kind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kind, args..., attributes};
#else
  const typename Primitive::desc operation(kind, args...);
  return {operation, attributes, engine};
#endif
}

/// The same with a scratchpad that it gets at each execution.
template <class Primitive, class... Args>
typename Primitive::primitive_desc describe_primitive(const dnnl::engine& engine,
                                                      const Args&... args) {
  return describe_primitive_with<Primitive>(user_scratchpad(), engine, args...);
}

/// The CPU engine, made at first use. Never destroyed: a layer in a static variable of the
/// application may outlive anything that we could destroy it with.
inline const dnnl::engine& cpu_engine() {
  static const auto* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

[[nodiscard]] inline ErrorCode code_of(const dnnl::error& e) noexcept {
  return e.status == dnnl_out_of_memory ? ErrorCode::out_of_memory : ErrorCode::unsupported;
}

/// Calls `make` and turns what oneDNN throws into an Error that says what was being made.
template <class Make>
auto translate_errors(const std::string& what, Make&& make) {
  try {
    return std::forward<Make>(make)();
  } catch (const dnnl::error& e) {
    throw Error(code_of(e), "oneDNN cannot make the " + what + ": " + e.what());
  }
}

}  // namespace carousel::onednn
