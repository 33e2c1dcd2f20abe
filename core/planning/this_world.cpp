// SPDX-License-Identifier: Apache-2.0
#include "core/planning/candidates.hpp"

#include <carousel/wisdom.hpp>

#include "core/planning/read_rate.hpp"
#include "core/planning/time_probes.hpp"

#include <algorithm>
#include <sched.h>
#include <thread>

namespace carousel::planning {
namespace {

/// The cores that this process may use.
int usable_cores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace

World this_world(std::string_view choice) {
  static const int cores = usable_cores();
  static const std::string machine = wisdom_machine();
  World world = untimed_world(choice);
  world.machine = machine;
  world.cores = cores;
  world.probe = probe_times;
  world.read_rate = machine_read_rate;
  return world;
}

}  // namespace carousel::planning
