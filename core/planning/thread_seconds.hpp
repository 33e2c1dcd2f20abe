// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace carousel::planning {

/// The seconds that the calling thread has been running, so that time that other processes get does
/// not count. Where the system does not tell, the monotonic clock.
[[nodiscard]] double thread_seconds();

}  // namespace carousel::planning
