// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "states.hpp"

#include <carousel/network.hpp>
#include <carousel/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace carousel::python {

/// A stream that only one call at a time uses.
struct PooledStream {
  Stream stream;
  std::int64_t batch = 1;
  std::int64_t max_steps = 1;
  bool busy = false;
  StreamStates states{};
};

/// The streams of calls that carry no state from one to the next, kept for the next call of such a
/// size. Everything here happens while Python's lock (the GIL) is held, which is all the locking.
class StreamPool {
 public:
  /// Borrows a stream and gives it back.
  class Lease {
   public:
    explicit Lease(PooledStream& pooled) noexcept : pooled_(&pooled) { pooled.busy = true; }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { pooled_->busy = false; }

    [[nodiscard]] Stream& stream() const noexcept { return pooled_->stream; }
    [[nodiscard]] const StreamStates& states() const noexcept { return pooled_->states; }

   private:
    PooledStream* pooled_;
  };

  /// A stream of this network, always the same one, in the initial state, for so many rows and
  /// steps.
  [[nodiscard]] Lease take(const Network& network, const States& states, std::int64_t batch,
                           std::int64_t steps);

 private:
  [[nodiscard]] PooledStream* find(std::int64_t batch, std::int64_t least_steps) noexcept;
  /// Lets go of idle streams, those first that were not used for the longest time.
  void trim();

  std::vector<std::unique_ptr<PooledStream>> streams_;  ///< Last used last.
};

}  // namespace carousel::python
