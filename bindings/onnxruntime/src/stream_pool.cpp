// SPDX-License-Identifier: Apache-2.0
#include "stream_pool.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace carousel::onnxruntime {
namespace {

constexpr std::size_t kMostIdle = 16;
constexpr std::int64_t kLeastSteps = 16;
constexpr std::int64_t kPieceSteps = 256;  // at once, where sequences may be cut into pieces

}  // namespace

StreamPool::Lease::Lease(StreamPool& pool, std::unique_ptr<PooledStream> borrowed) noexcept
    : pool_(pool), borrowed_(std::move(borrowed)) {}

StreamPool::Lease::~Lease() { pool_.give_back(std::move(borrowed_)); }

StreamPool::StreamPool(Network network) : network_(std::move(network)) {
  idle_.reserve(kMostIdle + 1);  // so that giving back allocates nothing
}

/// A few sizes stand for all, so that sequences of many lengths share streams.
std::int64_t StreamPool::max_steps_for(std::int64_t steps) const noexcept {
  const auto least = static_cast<std::uint64_t>(std::max(steps, kLeastSteps));
  const auto whole = static_cast<std::int64_t>(std::bit_ceil(least));
  return network_.whole_sequence() ? whole : std::min(whole, kPieceSteps);
}

std::unique_ptr<PooledStream> StreamPool::take_idle(std::int64_t batch,
                                                    std::int64_t max_steps) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& idle) {
    return idle->batch == batch && idle->max_steps >= max_steps;
  });
  if (found == idle_.rend()) return nullptr;
  std::unique_ptr<PooledStream> taken = std::move(*found);
  idle_.erase(found.base() - 1);
  return taken;
}

void StreamPool::give_back(std::unique_ptr<PooledStream> borrowed) noexcept {
  std::unique_ptr<PooledStream> oldest;  // deleted behind the lock
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(borrowed));
  if (idle_.size() <= kMostIdle) return;
  oldest = std::move(idle_.front());
  idle_.erase(idle_.begin());
}

StreamPool::Lease StreamPool::take(std::int64_t batch, std::int64_t steps) {
  const std::int64_t max_steps = max_steps_for(steps);
  std::unique_ptr<PooledStream> taken = take_idle(batch, max_steps);
  if (!taken) {
    taken = std::make_unique<PooledStream>(
        PooledStream{.stream = network_.stream({.batch = batch, .max_steps = max_steps}),
                     .batch = batch,
                     .max_steps = max_steps});
    taken->states = taken->stream.states();
  }
  return {*this, std::move(taken)};
}

}  // namespace carousel::onnxruntime
