// SPDX-License-Identifier: Apache-2.0
#include "tensor_names.hpp"

#include <carousel/model.hpp>

#include <algorithm>
#include <cmath>

namespace carousel {

std::vector<NonFiniteTensor> find_non_finite(const Model& model) {
  std::vector<NonFiniteTensor> found;
  for (const loading::NamedTensor& named : loading::named_tensors(model)) {
    const Float32View view(named.tensor);
    const auto count =
        std::ranges::count_if(view.values(), [](float value) { return !std::isfinite(value); });
    if (count > 0) found.push_back({named.name, count});
  }
  return found;
}

}  // namespace carousel
