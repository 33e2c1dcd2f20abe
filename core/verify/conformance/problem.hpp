// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/cases.hpp"
#include "core/verify/oracle/oracle.hpp"

#include <carousel/model.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace carousel::conformance {

/// All states of a network, layer by layer in the order of `states(spec)` as `Stream::states` has
/// them: [batch, size] each, dense.
using States = std::vector<std::vector<float>>;

/// A case with its numbers: everything that does not depend on a backend, the answer included.
struct Problem {
  Case spec;
  Model model;
  /// [steps, batch, input_size], for every input that takes features; NaN past a sequence's end.
  std::vector<float> x;
  /// [steps, batch], for every input that takes ids; -1 past a sequence's end.
  std::vector<std::int32_t> ids;
  std::vector<std::int64_t> lengths;  ///< [batch] or empty.
  States states;                      ///< Before the run.
  oracle::Result expected;
};

[[nodiscard]] Problem make_problem(const Case& spec);

/// The steps [first, first + count) of the inputs as the oracle takes them.
[[nodiscard]] oracle::Inputs oracle_inputs(const Problem& problem, std::int64_t first,
                                           std::int64_t count);

/// States as the oracle takes them.
[[nodiscard]] std::vector<oracle::LayerState> oracle_states(const Model& model, std::int64_t batch,
                                                            const States& states);

/// PyTorch's dense state arrays (index layer * directions + direction) as the oracle's. `c` holds
/// all states that are not h.
[[nodiscard]] std::vector<oracle::LayerState> oracle_state(const Model& model, std::int64_t batch,
                                                           std::span<const float> h,
                                                           std::span<const float> c);

/// All states of that name, direction after direction: for "h" and "c" PyTorch's dense arrays.
[[nodiscard]] std::vector<float> stacked(const Model& model, const States& states,
                                         std::string_view name);

[[nodiscard]] States get_states(Stream& stream);
void set_states(Stream& stream, const States& states);

/// The elements of a view, dense.
[[nodiscard]] std::vector<float> dense(const SequenceView<float>& view);
/// Sets the elements of a view from a dense array.
void assign(const SequenceView<float>& view, std::span<const float> values);

/// What remains of `lengths` for steps [first, first + count).
[[nodiscard]] std::vector<std::int64_t> lengths_from(std::span<const std::int64_t> lengths,
                                                     std::int64_t first, std::int64_t count);

}  // namespace carousel::conformance
