// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cpu.hpp>

namespace carousel::planning {

/// The bytes per second that one core of this machine reads of so many bytes over and over: from
/// the L3 cache, or from memory if they are more than three quarters of it. Each of the two is
/// measured when it is asked for first, which takes a millisecond, and for memory the time to
/// allocate twice the L3 cache. May be called by any thread.
[[nodiscard]] double machine_read_rate(double bytes, const CpuFeatures& cpu);

}  // namespace carousel::planning
