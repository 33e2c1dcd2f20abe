// SPDX-License-Identifier: Apache-2.0
#include "backends/int8_layers.hpp"

#include "backends/int8_rows.hpp"
#include "core/model/formatted.hpp"

#include <algorithm>
#include <string>
#include <variant>

namespace carousel::int8 {
namespace {

/// The terms of the longest sum of products of a recurrent or dense layer.
std::int64_t longest_sum(const LayerSpec& spec) {
  if (const auto* recurrent = std::get_if<RecurrentSpec>(&spec)) {
    return std::max(recurrent->input_size, recurrent->hidden_size);
  }
  const auto* dense = std::get_if<DenseSpec>(&spec);
  return dense == nullptr ? 0 : dense->input_size;
}

}  // namespace

Support supports_terms(const LayerSpec& spec, Precision precision) {
  const std::int64_t terms = precision == Precision::int8 ? longest_sum(spec) : 0;
  if (terms <= kMostTerms) return Support::yes();
  return Support::no(formatted("in int8 a sum of {} products may not fit into 32 bits: at most {}",
                               terms, kMostTerms));
}

}  // namespace carousel::int8
