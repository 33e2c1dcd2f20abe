// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cpu.hpp>

namespace carousel::planning {

/// What has to be read to learn how fast so many bytes are read that do not stay in the L2 cache:
/// one of three sizes, for the near part of the L3 cache, for all of it from a quarter of its size
/// on, and for memory from three quarters on.
[[nodiscard]] std::int64_t bytes_to_read(double bytes, const CpuFeatures& cpu);

/// Measures how many bytes per second one core of this machine reads of so many, over and over,
/// once in this process. It takes some milliseconds, less than packing that many weights. May be
/// called by any thread.
[[nodiscard]] double machine_read_rate(std::int64_t bytes);

}  // namespace carousel::planning
