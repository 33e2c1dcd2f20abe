// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/planning/rates.hpp"

#include <vector>

/// Made-up backends for the cost model: the time of a run is
///
///     run + steps * (step + rows * (unit * units + work / flops)).
namespace carousel::planning_test {

struct Machine {
  double run = 0.2e-6;
  double step = 20e-9;
  double unit = 1e-9;
  double flops = 50e9;  ///< multiply-adds per second

  [[nodiscard]] double seconds(double units, double work, double rows, double steps) const {
    return run + steps * (step + rows * (unit * units + work / flops));
  }
};

/// What such a backend takes for each probe.
inline std::vector<double> probe_seconds(const Machine& machine,
                                         const planning::Filling& filling = {}) {
  std::vector<double> seconds;
  for (const planning::Probe& probe : planning::kProbes) {
    const auto shape = *planning::shape_of(planning::probe_spec(probe));
    seconds.push_back(
        machine.seconds(static_cast<double>(probe.units), planning::work_of(shape, filling).all(),
                        static_cast<double>(probe.batch), static_cast<double>(probe.steps)));
  }
  return seconds;
}

}  // namespace carousel::planning_test
