// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/wisdom.hpp>

#include "core/planning/candidates.hpp"
#include "core/planning/rates.hpp"

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace carousel::planning {

/// Predicts times by the cost model, with rates that wisdom has or that are measured when they are
/// needed first.
class Estimator {
 public:
  explicit Estimator(std::shared_ptr<const Wisdom> wisdom) : wisdom_(std::move(wisdom)) {}

  /// Sets the predicted times of the candidates with their usual tiling. Without `measuring`, only
  /// of those whose rates are known.
  void predict(const World& world, const Problem& problem, bool measuring,
               std::vector<Candidate>& candidates);

  /// What was measured because wisdom did not have it: times of probes and reads.
  [[nodiscard]] const Wisdom& fresh() const noexcept { return fresh_; }

 private:
  std::optional<Rates> rates_of(const World& world, const Backend& backend, Precision precision,
                                bool measuring);
  [[nodiscard]] std::vector<double> known_times(const World& world, const Backend& backend,
                                                Precision precision) const;
  void keep(const World& world, const Backend& backend, Precision precision,
            const std::vector<double>& seconds);
  /// 0: not known.
  double read_rate(const World& world, double bytes, bool measuring);

  std::shared_ptr<const Wisdom> wisdom_;
  std::map<std::pair<const Backend*, Precision>, Rates> rates_;  ///< those that are known
  Wisdom fresh_;
};

}  // namespace carousel::planning
