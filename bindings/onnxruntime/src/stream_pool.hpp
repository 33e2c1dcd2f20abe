// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/network.hpp>
#include <carousel/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace carousel::onnxruntime {

/// A stream and what a call needs besides; used by one call at a time.
struct PooledStream {
  Stream stream;
  std::int64_t batch = 1;
  std::int64_t max_steps = 1;
  std::span<const NamedState> states{};  ///< Of the stream.
  std::vector<float> y{};                ///< A sequence that cannot be written in place.
  std::vector<std::int64_t> lengths{};   ///< Of each row.
};

/// Streams for the calls of one node, which carry no state from one to the next and may run at the
/// same time: each borrows one, and what comes back is kept for the next call of such a size.
class StreamPool {
 public:
  explicit StreamPool(Network network);

  /// Borrows a stream and gives it back.
  class Lease {
   public:
    Lease(StreamPool& pool, std::unique_ptr<PooledStream> borrowed) noexcept;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();

    [[nodiscard]] PooledStream& operator*() const noexcept { return *borrowed_; }

   private:
    StreamPool& pool_;
    std::unique_ptr<PooledStream> borrowed_;
  };

  /// A stream in any state, for so many rows and steps. Throws Error where memory is short.
  [[nodiscard]] Lease take(std::int64_t batch, std::int64_t steps);

 private:
  [[nodiscard]] std::int64_t max_steps_for(std::int64_t steps) const noexcept;
  [[nodiscard]] std::unique_ptr<PooledStream> take_idle(std::int64_t batch,
                                                        std::int64_t max_steps) noexcept;
  void give_back(std::unique_ptr<PooledStream> borrowed) noexcept;

  Network network_;
  std::mutex mutex_;                                 ///< Of what follows.
  std::vector<std::unique_ptr<PooledStream>> idle_;  ///< Last used last.
};

}  // namespace carousel::onnxruntime
