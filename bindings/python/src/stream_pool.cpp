// SPDX-License-Identifier: Apache-2.0
#include "stream_pool.hpp"

#include "bindings.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace carousel::python {
namespace {

constexpr std::size_t kMostStreams = 16;  // beyond those that are running at the same time
constexpr std::int64_t kPiece = 256;  // steps at once, of networks that take sequences in pieces

/// A few sizes stand for all, so that sequences of many lengths share streams.
std::int64_t rounded(std::int64_t steps) {
  return static_cast<std::int64_t>(
      std::bit_ceil(static_cast<std::uint64_t>(std::max<std::int64_t>(steps, 16))));
}

std::int64_t steps_for(const Network& network, std::int64_t steps) {
  const std::int64_t whole = rounded(steps);
  return network.whole_sequence() ? whole : std::min(whole, kPiece);
}

}  // namespace

PooledStream* StreamPool::find(std::int64_t batch, std::int64_t least_steps) noexcept {
  const auto fits = [&](const auto& pooled) {
    return !pooled->busy && pooled->batch == batch && pooled->max_steps >= least_steps;
  };
  const auto found = std::find_if(streams_.rbegin(), streams_.rend(), fits);
  if (found == streams_.rend()) return nullptr;
  std::rotate(found.base() - 1, found.base(), streams_.end());
  return streams_.back().get();
}

void StreamPool::trim() {
  const auto idle = [](const auto& pooled) { return !pooled->busy; };
  while (std::ranges::count_if(streams_, idle) > static_cast<std::ptrdiff_t>(kMostStreams)) {
    streams_.erase(std::ranges::find_if(streams_, idle));
  }
}

StreamPool::Lease StreamPool::take(const Network& network, const States& states, std::int64_t batch,
                                   std::int64_t steps) {
  const std::int64_t max_steps = steps_for(network, steps);
  if (PooledStream* pooled = find(batch, max_steps)) {
    pooled->stream.reset();
    return Lease(*pooled);
  }
  auto made = [&] {
    const py::gil_scoped_release release;
    return std::make_unique<PooledStream>(
        PooledStream{.stream = network.stream({.batch = batch, .max_steps = max_steps}),
                     .batch = batch,
                     .max_steps = max_steps,
                     .busy = true});
  }();
  made->states = states_in(states, made->stream);
  streams_.push_back(std::move(made));
  PooledStream& fresh = *streams_.back();
  trim();
  return Lease(fresh);
}

}  // namespace carousel::python
