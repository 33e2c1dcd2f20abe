// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "core/planning/rates.hpp"

#include <functional>

namespace carousel::planning {

/// The bytes per second that a core reads of so many bytes that are not in its L2 cache; 0 if that
/// is not known.
using ReadRate = std::function<double(double bytes)>;

/// A layer, and what a run of it is expected to be.
struct Expected {
  Shape shape;
  std::int64_t batch = 1;
  std::int64_t steps = 1;
  int threads = 1;
  Precision precision = Precision::float32;
};

/// The bytes of a packed weight, without the scales of int8, of which a row has one.
[[nodiscard]] double weight_bytes(Precision precision);

/// How a backend rounds up units: by its instruction set, where that is known.
[[nodiscard]] Filling filling_of(const Backend& backend);

/// Returns about how many seconds a run takes. With one thread it is
///
///     r + T t(W, B)      for each direction
///
/// with T steps, B rows and W multiply-adds for each row, where r and t are the backend's rates;
/// dense layers and convolutions are one step of all their rows. Of the recurrent weights, half of
/// the L2 cache keeps some from step to step; they have as many bytes as the precision stores. The
/// others are read by `read_rate`; a step takes no less than that and the work on its inputs. More
/// threads divide the work and have to be woken, and wait for each other after each step unless
/// each has its own rows. Returns 0 if `read_rate` is needed and not known.
[[nodiscard]] double predict_seconds(const Rates& rates, const Backend& backend,
                                     const Expected& expected, std::int64_t l2_bytes,
                                     const ReadRate& read_rate);

}  // namespace carousel::planning
