// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

/// Fills `samples` with what comes next, in [-1, 1], and says how many there were: fewer at the
/// end.
using Audio = std::function<std::size_t(std::span<float> samples)>;

/// A sound file of one channel. Throws std::runtime_error naming the file and what is wrong.
[[nodiscard]] Audio open_sound(const std::string& file, int rate);

/// Standard input: 16-bit little-endian samples of one channel, as they come, or behind the header
/// of a WAV file, as arecord writes it.
[[nodiscard]] Audio open_standard_input(int rate);
