// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runner.hpp"

#include <memory>

namespace carousel::bench {

/// oneDNN's own LSTM primitives in int8 or bfloat16: what `--peers` measures beside Carousel in
/// these. In int8, activations are u8 with one scale and shift for all, here those of (-1, 1), and
/// weights s8 with a scale for each row; in bfloat16 the activations are rounded too, and the
/// states. A run rounds its input. Chains of LSTM layers of one direction only. Throws Error saying
/// what does not fit, or in oneDNN's words what this version on this CPU does not have.
[[nodiscard]] std::unique_ptr<Runner> onednn_peer(const Work& work, int threads,
                                                  Precision precision);

}  // namespace carousel::bench
