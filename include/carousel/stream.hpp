// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/error.hpp>
#include <carousel/export.h>
#include <carousel/view.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace carousel {

struct StreamOptions {
  std::int64_t batch = 1;  ///< rows of every run, in 0..2^24
  /// Steps processed at once, in 1..2^32; scratch memory grows with it. Most networks take runs of
  /// up to 2^32 steps, which are worked off in pieces of this size; one that needs the whole
  /// sequence (`Network::whole_sequence`: a reverse direction, say) refuses longer runs.
  std::int64_t max_steps = 64;
};

/// Mutable views of a stream's state in PyTorch's shapes; L recurrent layers, D directions, index
/// `l * D + d`.
struct StateView {
  SequenceView<float> h;  ///< [L*D, batch, state_size]
  SequenceView<float> c;  ///< [L*D, batch, hidden_size]; empty when no layer has a cell state.
};

/// One thing that a layer carries from run to run.
struct NamedState {
  std::int64_t layer = 0;      ///< Index of the network's layers.
  std::string_view name;       ///< As in `states(spec)`: "h", "c_reverse".
  SequenceView<float> values;  ///< [1, batch, size]
};

/// A sequence given to a run under the name of one of the network's inputs: `x`, or `ids` where
/// the input takes ids.
struct NamedInput {
  std::string_view name;
  SequenceView<const float> x{};
  SequenceView<const std::int32_t> ids{};
};

/// Where a run writes one of the network's outputs, by name, `Network::output_steps` steps.
struct NamedOutput {
  std::string_view name;
  SequenceView<float> y;
};

namespace detail {
struct NetworkData;
struct StreamData;
}  // namespace detail

/// The mutable part of one caller of a network: states and scratch memory. Move-only; one thread at
/// a time. Everything is allocated when it is made.
class CAROUSEL_API Stream {
 public:
  /// One that has been moved from refuses runs; nothing else may be asked of it.
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  /// Runs x [steps, batch, input_size] from the current state and writes y [output_steps(steps),
  /// batch, output_size]; the state moves on, so a long sequence may be given in pieces of any size
  /// (unless the network needs the whole sequence). `lengths` is empty or holds, for each row, its
  /// real steps in [0, steps]: a recurrent layer gives zeros past the end, its state stays that of
  /// the last real step, and a reverse direction starts there. The layers after it take these zeros
  /// as they are, so that a dense layer gives its bias there (as PyTorch's
  /// fc(pad_packed_sequence(...)) does).
  /// For networks that have one input besides those that may be left out, and one output besides
  /// final states. y must not overlap x or lengths, and none of them a state of the stream. Never
  /// throws, allocates, locks or (with one thread) makes a system call. On failure the status says
  /// which argument is wrong, and y and the state are untouched.
  Status run(SequenceView<const float> x, SequenceView<float> y,
             std::span<const std::int64_t> lengths = {}) noexcept;

  /// The same for a network that takes ids: [steps, batch, 1], each in [0, num_embeddings).
  Status run_ids(SequenceView<const std::int32_t> ids, SequenceView<float> y,
                 std::span<const std::int64_t> lengths = {}) noexcept;

  /// The same with any number of inputs and outputs, in any order. Inputs have equally many steps,
  /// but for those of one step; a network that needs the whole sequence takes inputs of different
  /// numbers of steps where its layers do. Inputs that only set initial states or lengths may be
  /// left out (`Network::optional_input`): states then go on from the run before. So may outputs,
  /// if there are several.
  Status run(std::span<const NamedInput> inputs, std::span<const NamedOutput> outputs,
             std::span<const std::int64_t> lengths = {}) noexcept;

  /// Back to the initial state: zeros, unless the model has others.
  void reset() noexcept;

  /// All states, layer by layer in the order of `states(spec)`, to read or to set. Valid for the
  /// stream's lifetime.
  [[nodiscard]] std::span<const NamedState> states() noexcept;
  /// The state of that name of one layer. Throws Error (invalid_argument) listing those that there
  /// are.
  [[nodiscard]] SequenceView<float> state(std::int64_t layer, std::string_view name);

  /// h and c of all recurrent layers in PyTorch's shapes (h_0, c_0, h_n, c_n), to read or to set.
  /// Valid for the stream's lifetime. Throws Error (unsupported) when the layers differ in size or
  /// have states besides h and c; use `states` then.
  [[nodiscard]] StateView state();

  /// Bytes held by this stream: state and scratch.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  friend class Network;
  Stream(std::shared_ptr<const detail::NetworkData> network, const StreamOptions& options);

  std::shared_ptr<const detail::NetworkData> network_;
  std::unique_ptr<detail::StreamData> data_;
};

}  // namespace carousel
