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

[[nodiscard]] CheckInput check_input(const Workload& work);

/// The work's sequence as the oracle takes it.
[[nodiscard]] oracle::Quantity oracle_input(const Workload& work);

}  // namespace carousel::cli
