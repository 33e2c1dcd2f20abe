// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

namespace carousel::plugins {

/// Runs `call` on a thread of its own and waits for it, but no longer than `limit`. False: it has
/// not returned; it goes on, with everything that it has captured, for as long as it wants. What
/// `call` throws in time is thrown here. Throws Error if there can be no thread.
[[nodiscard]] bool run_within(std::chrono::milliseconds limit, std::function<void()> call);

/// Whether this thread is one of those: code of a plug-in, which must not wait for plug-ins.
[[nodiscard]] bool inside_plugin() noexcept;

/// How long a plug-in may think: 10 seconds, except in tests.
[[nodiscard]] std::chrono::milliseconds time_limit() noexcept;
void set_time_limit(std::chrono::milliseconds limit) noexcept;

}  // namespace carousel::plugins
