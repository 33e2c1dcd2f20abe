// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>
#include <carousel/view.hpp>

#include <cstdint>

namespace carousel {

/// Applies `tail` in place to y [steps, batch, outputs]. `lengths` [batch] may be null; rows past
/// the end of a sequence stay as they are. Each row's result depends on that row alone.
void apply_tail(Tail tail, const SequenceView<float>& y, const std::int64_t* lengths) noexcept;

}  // namespace carousel
