// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <table.hpp>

#include <string>

namespace carousel::bench {

/// CPU, caches, kernel, memory and load.
[[nodiscard]] cli::Json machine_json();
/// Carousel, compiler, Google Benchmark and each backend's description.
[[nodiscard]] cli::Json versions_json();
[[nodiscard]] std::string utc_time();        ///< "2026-07-28T12:34:56Z"
[[nodiscard]] std::string onednn_version();  ///< "2.6.3"; empty when this build has no oneDNN

/// CPU seconds that all threads of this process have used.
[[nodiscard]] double cpu_seconds();

/// Sleeps until no thread of this process uses CPU time any more: oneDNN's threads (OpenMP) spin
/// for some milliseconds after each parallel region. Gives up after 0.2 s.
void wait_until_idle();

/// Nanoseconds that a cache line needs to get from one core to another: half of the time of a
/// message and its answer, the lower quartile of some hundred batches.
[[nodiscard]] double core_round_trip_ns();

/// What each of two threads does of multiply-adds, as a share of what one alone does: 1, or about a
/// half while two virtual cores are one real core, as a host may have them for seconds.
[[nodiscard]] double two_core_share();

}  // namespace carousel::bench
