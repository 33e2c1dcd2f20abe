// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backends/onednn/dnnl_compat.hpp"
#include "core/engine/aligned.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace carousel::onednn {

/// A memory object whose pointer is set later.
[[nodiscard]] dnnl::memory unbound(const Desc& desc);

/// Returns whether oneDNN reported success.
[[nodiscard]] bool set_pointer(const dnnl::memory& memory, const float* data) noexcept;

/// A primitive with the memory objects that it executes on, all made beforehand: to execute, set
/// the pointers that change and call `run`.
class Execution {
 public:
  Execution() = default;
  Execution(dnnl::primitive primitive, const Desc& scratchpad);

  /// Adds the argument `id` (DNNL_ARG_...) and shares ownership of `memory`.
  void add(int id, const dnnl::memory& memory);

  [[nodiscard]] std::size_t scratchpad_bytes() const { return scratchpad_.get_desc().get_size(); }
  void use_scratchpad(void* data) { scratchpad_.set_data_handle(data); }

  /// Returns whether oneDNN reported success. Allocates nothing itself; oneDNN does: small blocks
  /// for its table of arguments, 21 for an LSTM in 2.6 and 3.7, 55 in 3.12.
  [[nodiscard]] bool run(const dnnl::stream& stream) const noexcept;

 private:
  dnnl::primitive primitive_;
  dnnl::memory scratchpad_;
  std::vector<dnnl::memory> memories_;
  // For the C API: the C++ one would build a map of the arguments at each execution.
  std::vector<dnnl_exec_arg_t> arguments_;
};

/// Gives all `primitives`, which run one at a time, one scratchpad that is large enough for each.
template <class Primitive>
[[nodiscard]] AlignedFloats share_scratchpad(std::vector<std::vector<Primitive>>& primitives) {
  std::size_t bytes = 0;
  for (auto& group : primitives) {
    for (Primitive& p : group) bytes = std::max(bytes, p.execution().scratchpad_bytes());
  }
  AlignedFloats scratchpad(static_cast<std::int64_t>((bytes + sizeof(float) - 1) / sizeof(float)));
  for (auto& group : primitives) {
    for (Primitive& p : group) p.execution().use_scratchpad(scratchpad.data());
  }
  return scratchpad;
}

}  // namespace carousel::onednn
