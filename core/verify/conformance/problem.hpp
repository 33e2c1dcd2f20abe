// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/cases.hpp"
#include "core/verify/oracle/oracle.hpp"

#include <carousel/model.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace carousel::conformance {

/// A case with its numbers: everything that does not depend on a backend, the answer included.
struct Problem {
  Case spec;
  Model model;
  std::vector<float> x;           ///< [steps, batch, input_size]; NaN past a sequence's end
  std::vector<std::int32_t> ids;  ///< [steps, batch] when there is an embedding; -1 past the end
  std::vector<std::int64_t> lengths;  ///< [batch] or empty
  std::vector<float> h0;              ///< [L*D, batch, state_size]
  std::vector<float> c0;              ///< [L*D, batch, hidden_size]
  oracle::Result expected;
};

[[nodiscard]] Problem make_problem(const Case& spec);

/// PyTorch's dense state arrays (index layer * directions + direction) as the oracle's.
[[nodiscard]] std::vector<oracle::LayerState> oracle_state(const Model& model, std::int64_t batch,
                                                           std::span<const float> h,
                                                           std::span<const float> c);

/// The elements of a view, dense.
[[nodiscard]] std::vector<float> dense(const SequenceView<float>& view);
/// Sets the elements of a view from a dense array.
void assign(const SequenceView<float>& view, std::span<const float> values);

/// What remains of `lengths` for steps [first, first + count).
[[nodiscard]] std::vector<std::int64_t> lengths_from(std::span<const std::int64_t> lengths,
                                                     std::int64_t first, std::int64_t count);

}  // namespace carousel::conformance
