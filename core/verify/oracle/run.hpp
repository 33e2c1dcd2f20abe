// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/oracle.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

/// \file
/// What the files of the oracle share: layers that are run on sequences.
namespace carousel::oracle {

inline void require(bool condition, const char* rule) {
  if (!condition) throw std::invalid_argument(std::string("oracle: ") + rule);
}

/// One frame of a sequence.
[[nodiscard]] std::vector<Number> get(const Quantity& q, std::int64_t step, std::int64_t row);

/// Writes `numbers` to the features [from, from + numbers.size()) of a frame.
void put(Quantity& q, std::int64_t step, std::int64_t row, std::size_t from,
         std::span<const Number> numbers);

/// What a layer is run on, and where its results go.
struct Run {
  const ModelLayer& layer;
  std::span<const Quantity* const> inputs;
  std::span<const std::int64_t> lengths;
  const Options& options;
  LayerResult& result;

  [[nodiscard]] const Quantity& x() const { return *inputs.front(); }
  /// The real steps of a row of x.
  [[nodiscard]] std::int64_t length(std::int64_t row) const {
    return lengths.empty() ? x().steps : lengths[size_of(row)];
  }
};

/// Runs a layer with a state, or one that changes the number of steps.
void run_kind(const Run& run, const RecurrentSpec& spec);
void run_kind(const Run& run, const ConvolutionSpec& spec);
void run_kind(const Run& run, const ReduceStepsSpec& spec);
void run_kind(const Run& run, const SelectStepsSpec& spec);
void run_kind(const Run& run, const RepeatStepsSpec& spec);

}  // namespace carousel::oracle
