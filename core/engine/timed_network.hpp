// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/network.hpp>

#include <cstdint>
#include <memory>
#include <vector>

/// \file
/// Networks that take the time of each of their layers, for `carousel rank --layers`. Not part of
/// the interface that is installed.
namespace carousel {

/// What the calls of one layer took, all together.
struct LayerTime {
  double seconds = 0;
  std::int64_t calls = 0;
};

struct TimedNetwork {
  Network network;
  /// One per layer, in the order of `network.layers()`. Set them to zero at will.
  std::shared_ptr<std::vector<LayerTime>> times;
};

/// Like `prepare`, but every layer is wrapped in one that adds to `times` how long it took. So a
/// layer is timed amid the others, with the caches as they leave them, which neither layers that
/// run alone nor differences of ever longer networks would show; and the engine has no hook that
/// other networks would have to look at. Only one stream of the network may run at a time.
[[nodiscard]] CAROUSEL_API TimedNetwork prepare_timed(const Model& model,
                                                      const PrepareOptions& options);

}  // namespace carousel
