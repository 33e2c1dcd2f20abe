// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace carousel::bench {

/// What /proc/cpuinfo says, each kind of core once: "4 cores", then its lines.
[[nodiscard]] std::string kinds_of_cores(std::string_view cpuinfo);

/// The caches of the first core, from a folder such as /sys/devices/system/cpu/cpu0/cache: "L1 Data
/// 64K", a line for each; empty if the system does not tell.
[[nodiscard]] std::string caches(const std::string& folder);

}  // namespace carousel::bench
