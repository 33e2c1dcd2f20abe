// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>
#include <carousel/export.h>
#include <carousel/view.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace carousel {

struct StreamOptions {
  std::int64_t batch = 1;  ///< rows of every run
  /// Steps processed at once; scratch memory grows with it. A forward-only network takes runs of
  /// any length (worked off in pieces of this size); one with a reverse direction refuses longer
  /// runs.
  std::int64_t max_steps = 64;
};

/// Mutable views of a stream's state in PyTorch's shapes; L layers, D directions, index `l * D +
/// d`.
struct StateView {
  SequenceView<float> h;  ///< [L*D, batch, state_size]
  SequenceView<float> c;  ///< [L*D, batch, hidden_size]; empty when no layer has a cell state
};

namespace detail {
struct NetworkData;
struct StreamData;
}  // namespace detail

/// The mutable part of one caller of a network: h, c and scratch memory. Move-only; one thread at a
/// time. Everything is allocated when it is made.
class CAROUSEL_API Stream {
 public:
  Stream(std::shared_ptr<const detail::NetworkData> network, const StreamOptions& options);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  /// Runs x [steps, batch, input_size] from the current state and writes y [steps, batch,
  /// output_size]; the state moves on, so a long sequence may be given in pieces of any size.
  /// `lengths` is empty or holds, for each row, its real steps in [0, steps]: y past the end is
  /// zero, the state stays that of the last real step, a reverse direction starts there.
  /// x and y must not overlap. Never throws, allocates, locks or (with one thread) makes a system
  /// call. On failure the status says which argument is wrong, and y and the state are untouched.
  Status run(SequenceView<const float> x, SequenceView<float> y,
             std::span<const std::int64_t> lengths = {}) noexcept;

  /// The same for a network with an embedding: ids [steps, batch, 1], each in [0, num_embeddings).
  Status run_ids(SequenceView<const std::int32_t> ids, SequenceView<float> y,
                 std::span<const std::int64_t> lengths = {}) noexcept;

  /// Back to the initial state: zeros, unless the model has others.
  void reset() noexcept;

  /// The whole state, to read or to set (h_0, c_0, h_n, c_n). Valid for the stream's lifetime.
  /// Throws Error when the layers differ in size; use `layer_state` then.
  [[nodiscard]] StateView state();
  /// The state of one layer and direction: h [1, batch, state_size], c [1, batch, hidden_size].
  [[nodiscard]] StateView layer_state(std::int64_t layer, std::int64_t direction = 0);

  /// Bytes held by this stream: state and scratch.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  std::shared_ptr<const detail::NetworkData> network_;
  std::unique_ptr<detail::StreamData> data_;
};

}  // namespace carousel
