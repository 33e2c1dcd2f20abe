// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "workload.hpp"

#include <carousel/cross_check.hpp>

#include "core/verify/oracle/oracle.hpp"

#include <utility>
#include <vector>

namespace carousel::cli {

/// The float64 oracle as what backends are compared with; it is not part of the library.
class OracleReference final : public Reference {
 public:
  /// `precisions`: those of the layers of the network; empty: float32.
  explicit OracleReference(std::vector<Precision> precisions = {})
      : precisions_(std::move(precisions)) {}

  [[nodiscard]] Expected network(const Model& model, const CheckInput& input) const override;
  [[nodiscard]] LayerExpected layer(const LayerProblem& problem) const override;

 private:
  std::vector<Precision> precisions_;
};

/// The work's sequences as the oracle takes them.
[[nodiscard]] oracle::Inputs oracle_inputs(const Workload& work);

}  // namespace carousel::cli
