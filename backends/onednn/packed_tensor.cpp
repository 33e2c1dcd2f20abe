// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/packed_tensor.hpp"

#include <algorithm>

namespace carousel::onednn {

PackedTensor::PackedTensor(const Desc& plain, std::span<const float> values) {
  dnnl::memory memory(plain, cpu_engine());
  std::copy(values.begin(), values.end(), static_cast<float*>(memory.get_data_handle()));
  layouts_.push_back(std::move(memory));
}

dnnl::memory PackedTensor::as(const Desc& wanted) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(layouts_.begin(), layouts_.end(),
                                  [&](const dnnl::memory& m) { return m.get_desc() == wanted; });
  if (found != layouts_.end()) return *found;

  dnnl::memory plain = layouts_.front();
  dnnl::memory packed(wanted, cpu_engine());
  dnnl::stream stream(cpu_engine());
  dnnl::reorder(plain, packed).execute(stream, plain, packed);
  stream.wait();
  layouts_.push_back(packed);
  return packed;
}

std::size_t PackedTensor::bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  std::size_t total = 0;
  for (const dnnl::memory& m : layouts_) total += m.get_desc().get_size();
  return total;
}

}  // namespace carousel::onednn
