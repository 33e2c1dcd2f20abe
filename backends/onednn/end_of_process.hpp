// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>

namespace carousel::onednn {

/// oneDNN keeps code that it has generated in static objects, which are destroyed when the process
/// ends (or the library is unloaded), the last one made first. Static objects that are older than
/// these live longer; a stream that runs in the destructor of one would call code that is gone.
///
/// To be called when primitives have run for the first time, since that is when the code is made:
/// from the moment on at which the first of it is freed, `process_ends` returns true.
void watch_for_end_of_process() noexcept;

[[nodiscard]] bool process_ends() noexcept;

/// What a run returns then.
[[nodiscard]] Status refusal_at_end_of_process() noexcept;

/// Throws `Error` if the process ends.
void require_process_goes_on();

}  // namespace carousel::onednn
