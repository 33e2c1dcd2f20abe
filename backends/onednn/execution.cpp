// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/execution.hpp"

#include <utility>

namespace carousel::onednn {

dnnl::memory unbound(const Desc& desc) { return {desc, cpu_engine(), DNNL_MEMORY_NONE}; }

bool set_pointer(const dnnl::memory& memory, const float* data) noexcept {
  // oneDNN takes no pointers to const, not even for what it only reads.
  return dnnl_memory_set_data_handle(memory.get(), const_cast<float*>(data)) == dnnl_success;
}

Execution::Execution(dnnl::primitive primitive, const Desc& scratchpad)
    : primitive_(std::move(primitive)), scratchpad_(unbound(scratchpad)) {
  add(DNNL_ARG_SCRATCHPAD, scratchpad_);
}

void Execution::add(int id, const dnnl::memory& memory) {
  memories_.push_back(memory);
  arguments_.push_back({id, memory.get()});
}

bool Execution::run(const dnnl::stream& stream) const noexcept {
  return dnnl_primitive_execute(primitive_.get(), stream.get(), static_cast<int>(arguments_.size()),
                                arguments_.data()) == dnnl_success;
}

}  // namespace carousel::onednn
