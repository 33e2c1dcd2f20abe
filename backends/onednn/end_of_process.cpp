// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/end_of_process.hpp"

#include <atomic>
#include <cstdlib>

namespace carousel::onednn {
namespace {

constexpr const char* kRefusal =
    "oneDNN runs no more: the process is ending, and the code that oneDNN generated is freed";

std::atomic<bool> code_is_freed{false};

void note_end() { code_is_freed.store(true, std::memory_order_relaxed); }

}  // namespace

void watch_for_end_of_process() noexcept {
  // Whatever is registered last is called first, so it is done anew for code that is newer. It
  // fails if there is no memory for an entry: then earlier ones have to do.
  static_cast<void>(std::atexit(note_end));
}

bool process_ends() noexcept { return code_is_freed.load(std::memory_order_relaxed); }

Status refusal_at_end_of_process() noexcept { return Status::failure(kRefusal); }

void require_process_goes_on() {
  if (process_ends()) throw Error(ErrorCode::unsupported, kRefusal);
}

}  // namespace carousel::onednn
