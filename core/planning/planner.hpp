// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/wisdom.hpp>

#include "core/planning/candidates.hpp"
#include "core/planning/estimator.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace carousel::planning {

/// The position of a layer in its network, for messages and progress.
struct Position {
  std::size_t layer = 0;
  std::size_t layer_count = 1;
};

/// Chooses for the layers of one network.
/// What `PlanOptions::report` is told begins with this when wisdom could not be written.
inline constexpr std::string_view kNotKept = "what was measured is not kept: ";

class Planner {
 public:
  /// Reads wisdom unless `plan` is fixed. `options.report` is told what is wrong with it.
  Planner(World world, Plan plan, const PlanOptions& options);

  /// Throws Error when no backend runs the layer, or when `Plan::wisdom_only` finds no wisdom about
  /// it. The plan's `memory_bytes` is zero.
  [[nodiscard]] LayerPlan choose(const Problem& problem, const Position& position);

  /// Adds what was measured to the wisdom file, rates of the cost model too. A failure is reported
  /// to `options.report`.
  void keep();

 private:
  /// Chooses by time. If `options.cross_check` is set, a backend that computes something else than
  /// the trusted one is refused, and the choice is made again.
  [[nodiscard]] LayerPlan accept(const Problem& problem, std::vector<Candidate>& candidates,
                                 PlanSource source) const;
  /// How the results of a backend differ from the trusted one's; empty when they do not.
  [[nodiscard]] std::string disagrees(const Problem& problem, const std::string& id) const;
  [[nodiscard]] const WisdomEntry* find(const WisdomEntry& key) const;
  /// Sets the candidates' times from an entry, and where that lacks backends what the cost model
  /// predicts of them. Returns why the entry is of no use to the plan; empty if it is.
  [[nodiscard]] std::string use_wisdom(const WisdomEntry& entry, const Problem& problem,
                                       std::vector<Candidate>& candidates);
  [[nodiscard]] LayerPlan choose_measured(const Problem& problem,
                                          std::vector<Candidate>& candidates,
                                          const Position& position);
  [[noreturn]] void fail_without_wisdom(const Problem& problem, const std::string& unusable) const;
  void measure_all(const Problem& problem, std::vector<Candidate>& candidates,
                   const Position& position);
  void report(const std::string& text) const;
  [[nodiscard]] std::shared_ptr<const Wisdom> read_wisdom() const;

  World world_;
  Plan plan_;
  PlanOptions options_;
  std::filesystem::path file_;
  std::shared_ptr<const Wisdom> wisdom_;
  Estimator estimator_;
  std::vector<WisdomEntry> fresh_;  ///< measured by this planner
};

}  // namespace carousel::planning
