// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/run.hpp"

#include <cstddef>
#include <cstdint>

namespace carousel::detail {

/// How many steps of each row are real in a run: an argument of it, or what the network is given as
/// an input or computes.
class RunLengths {
 public:
  RunLengths(const NetworkData& network, StreamData& data, Lengths argument) noexcept
      : network_(network), data_(data), argument_(argument) {}

  /// Takes those that the network is given as an input, if it is.
  Status take_input() noexcept;
  /// Takes those that layer `k` has just computed, if it is the one that does.
  Status take_from_layer(std::size_t k) noexcept;

  /// For all layers of a run in chunks, whose sequences have equally many steps.
  [[nodiscard]] Lengths of_all() const noexcept {
    return taken_ ? Lengths(data_.lengths) : argument_;
  }
  /// For layer `k`; null: all steps are real. No length is beyond the steps that it reads. Valid
  /// until the next call.
  [[nodiscard]] const std::int64_t* of_layer(std::size_t k) noexcept;
  /// Those of what layer `k` puts out follow from those of what it reads.
  void follow(std::size_t k) noexcept;

 private:
  Status take(const SequenceView<const float>& given) noexcept;
  /// The least steps of what any recurrent layer reads: no length may be beyond them.
  [[nodiscard]] std::int64_t least_steps() const noexcept;
  /// Of what a layer reads, that with the most steps: a single step is used at all of them.
  [[nodiscard]] const Source& longest_source(std::size_t k) const noexcept;
  [[nodiscard]] std::int64_t* row_lengths(std::size_t layer) const noexcept;
  /// Those of the argument, or of a layer before; null: of a single step.
  [[nodiscard]] const std::int64_t* of_source(const Source& source) const noexcept;

  const NetworkData& network_;
  StreamData& data_;
  Lengths argument_;
  bool taken_ = false;
};

}  // namespace carousel::detail
