// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/cases.hpp"
#include "core/verify/oracle/oracle.hpp"

#include <carousel/model.hpp>
#include <carousel/precision.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::conformance {

/// All states of a network, layer by layer in the order of `states(spec)` as `Stream::states` has
/// them: [batch, size] each, dense.
using States = std::vector<std::vector<float>>;

/// A case with its numbers: everything that does not depend on a backend, the answer included.
struct Problem {
  Case spec;
  Precision precision = Precision::float32;  ///< of all layers that have one
  Model model;                               ///< with the numbers that are stored
  /// [steps, batch, input_size], for every input that takes features and has not one step; NaN past
  /// a sequence's end.
  std::vector<float> x;
  /// [steps, batch], for every input that takes ids; past a sequence's end some are -1.
  std::vector<std::int32_t> ids;
  /// Inputs of one step by name: [1, batch, size]. The one that is the model's lengths has
  /// `lengths`.
  std::map<std::string, std::vector<float>> single;
  std::vector<std::int64_t> lengths;  ///< [batch] or empty.
  States states;                      ///< Before the run.
  oracle::Result expected;
};

/// How the oracle judges layers of a precision.
[[nodiscard]] oracle::ErrorModel error_model(Precision precision) noexcept;

[[nodiscard]] Problem make_problem(const Case& spec, Precision precision = Precision::float32);

/// The steps [first, first + count) of the inputs as the oracle takes them. Those of one step come
/// with the first one.
[[nodiscard]] oracle::Inputs oracle_inputs(const Problem& problem, std::int64_t first,
                                           std::int64_t count);

/// Whether the model says itself how many steps are real when all its inputs are given.
[[nodiscard]] bool has_own_lengths(const Problem& problem);

/// The lengths that a run of the steps [first, first + count) is given besides its inputs.
[[nodiscard]] std::vector<std::int64_t> lengths_of_run(const Problem& problem, std::int64_t first,
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
