// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/aligned.hpp"

#include <carousel/error.hpp>

#include <new>
#include <string>

namespace carousel::detail {

/// The Error for memory that could not be had: `what` says for what, `bytes` how much, if known.
[[nodiscard]] Error no_memory_for(const std::string& what, double bytes = 0);

/// Calls `work`, which allocates, and returns what it does. Where there is no memory, throws the
/// Error that says so of `what()`.
template <class What, class Work>
decltype(auto) with_memory_for(What&& what, Work&& work) {
  try {
    return work();
  } catch (const NoMemory& error) {
    throw no_memory_for(what(), error.bytes());
  } catch (const std::bad_alloc&) {
    throw no_memory_for(what());
  }
}

}  // namespace carousel::detail
