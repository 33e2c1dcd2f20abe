// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <span>
#include <vector>

/// \file
/// The arithmetic of int8 layers: rows of weights and of numbers as multiples of a scale of their
/// own, which are rounded to whole ones. See docs/numerics.md.
namespace carousel::oracle {

/// A row as whole multiples of its scale, and by how many multiples an implementation may have
/// rounded to others, since what it rounds differs from ours within its error.
struct Int8Row {
  std::vector<double> multiples;
  std::vector<double> doubts;
  double scale = 0.0;        ///< NaN where an element is not finite
  double scale_error = 0.0;  ///< relative
};

[[nodiscard]] Int8Row quantized(std::span<const Number> row);
[[nodiscard]] Int8Row quantized(std::span<const float> row);

/// The sum of the products of a row of weights and a row of numbers.
[[nodiscard]] Number int8_product(const Int8Row& weights, const Int8Row& numbers);

/// Adds the products of a matrix's row, in the arithmetic that the model says.
void add_matrix_row(Sum& sum, std::span<const float> weights, std::span<const Number> numbers,
                    const ErrorModel& model);

}  // namespace carousel::oracle
