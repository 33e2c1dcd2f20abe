// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "precision_choice.hpp"
#include "workload.hpp"

#include <optional>
#include <string>
#include <vector>

/// What a precision costs: the same network in float32 and in that precision, on the same data.
namespace carousel::cli {

/// The difference of one sequence from that in float32.
struct SequenceLoss {
  std::string name;    ///< of an output, or of the recurrent layer whose outputs these are
  double max_abs = 0;  ///< the largest difference
  double sqnr_db = 0;  ///< 10 log10 of the squares of float32 over those of the differences
};

/// Bits per symbol of a network that predicts the symbol after each that it reads: the mean of
/// -log2 of the probability, by softmax, that it gives to the symbol which comes.
struct BitsPerSymbol {
  double float32 = 0;
  double precision = 0;
};

struct PrecisionLoss {
  std::vector<SequenceLoss> sequences;  ///< recurrent layers, then outputs
  std::optional<BitsPerSymbol> bits;    ///< where one output has a number for each id of the input
};

/// Runs both on one backend of `choice`. Throws Error as `prepare` does.
[[nodiscard]] PrecisionLoss precision_loss(const Workload& work, const std::string& choice,
                                           const PrecisionChoice& precision);

}  // namespace carousel::cli
