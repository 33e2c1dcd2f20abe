// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formats/state_dict.hpp"
#include "loading/files_of_bytes.hpp"

namespace carousel::testing {

/// Every spec and every bit, whatever the tensors are called.
inline void expect_same_layers(const Model& a, const Model& b) {
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (std::size_t k = 0; k < a.layers.size(); ++k) EXPECT_EQ(a.layers[k].spec, b.layers[k].spec);
  const auto left = loading::named_arrays(a);
  const auto right = loading::named_arrays(b);
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    EXPECT_EQ(left[i].shape, right[i].shape) << left[i].name << " is now " << right[i].name;
    EXPECT_EQ(raw(std::vector(left[i].values.begin(), left[i].values.end())),
              raw(std::vector(right[i].values.begin(), right[i].values.end())))
        << left[i].name << " is now " << right[i].name;
  }
}

}  // namespace carousel::testing
