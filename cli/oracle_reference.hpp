// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "workload.hpp"

#include <carousel/cross_check.hpp>

#include <oracle/oracle.hpp>

namespace carousel::cli {

/// The float64 oracle as what backends are compared with; it is not part of the library.
class OracleReference final : public Reference {
 public:
  [[nodiscard]] Expected network(const Model& model, const CheckInput& input) const override;
  [[nodiscard]] LayerExpected layer(const LayerProblem& problem) const override;
};

[[nodiscard]] CheckInput check_input(const Workload& work);

/// The exact input of the recurrent stack: x, or what the embedding makes of the ids.
[[nodiscard]] oracle::Quantity oracle_input(const Workload& work);

}  // namespace carousel::cli
