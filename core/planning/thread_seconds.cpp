// SPDX-License-Identifier: Apache-2.0
#include "core/planning/thread_seconds.hpp"

#include "core/planning/measure.hpp"

#include <ctime>

namespace carousel::planning {

double thread_seconds() {
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return steady_seconds();
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace carousel::planning
