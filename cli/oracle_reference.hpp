// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "workload.hpp"

#include <carousel/cross_check.hpp>

#include "core/verify/oracle/oracle.hpp"

namespace carousel::cli {

/// The float64 oracle as what backends are compared with; it is not part of the library.
class OracleReference final : public Reference {
 public:
  [[nodiscard]] Expected network(const Model& model, const CheckInput& input) const override;
  [[nodiscard]] LayerExpected layer(const LayerProblem& problem) const override;
};

/// The work's sequences as the oracle takes them.
[[nodiscard]] oracle::Inputs oracle_inputs(const Workload& work);

}  // namespace carousel::cli
