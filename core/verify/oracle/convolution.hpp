// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/number.hpp"

#include <carousel/model.hpp>

#include <vector>

namespace carousel::oracle {

/// A convolution from its definition, as a sum of products for each output.
class Convolution {
 public:
  using Positions = std::vector<std::vector<Number>>;  ///< [positions][channels]

  /// Both must outlive it.
  Convolution(const ConvolutionSpec& spec, const Weights& weights, const ErrorModel& model);

  /// What comes out of these positions, with padding around them. Of a causal convolution the first
  /// dilation * (kernel_size - 1) positions are its history instead.
  [[nodiscard]] Positions operator()(const Positions& x) const;

 private:
  /// What one output is a sum of.
  struct Terms {
    std::vector<float> weights;
    std::vector<Number> numbers;
  };

  [[nodiscard]] Terms terms(const Positions& x, std::int64_t position, std::int64_t channel) const;
  [[nodiscard]] Terms transposed_terms(const Positions& x, std::int64_t position,
                                       std::int64_t channel) const;
  /// Of a position that may lie outside.
  [[nodiscard]] Number value(const Positions& x, std::int64_t position, std::int64_t channel) const;

  const ConvolutionSpec& spec_;
  ErrorModel model_;
  Float32View weight_;
  Float32View bias_;
};

}  // namespace carousel::oracle
