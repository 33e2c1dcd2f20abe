// SPDX-License-Identifier: Apache-2.0
#include "core/planning/candidates.hpp"

#include <carousel/wisdom.hpp>

#include "core/engine/affinity.hpp"
#include "core/planning/read_rate.hpp"
#include "core/planning/time_probes.hpp"

namespace carousel::planning {

World this_world(std::string_view choice) {
  static const int cores = detail::usable_cores();
  static const std::string machine = wisdom_machine();
  World world = untimed_world(choice);
  world.machine = machine;
  world.cores = cores;
  world.probe = probe_times;
  world.read_rate = machine_read_rate;
  return world;
}

}  // namespace carousel::planning
