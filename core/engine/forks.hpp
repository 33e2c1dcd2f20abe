// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace carousel {

/// How many forks lie between this process and the one that called this function first, in this
/// library. After a fork a process has one thread only, the one that forked: whoever remembers
/// threads remembers this number with them. A system call that copies a process without running
/// the handlers of `pthread_atfork` is not counted.
[[nodiscard]] unsigned forks() noexcept;

}  // namespace carousel
