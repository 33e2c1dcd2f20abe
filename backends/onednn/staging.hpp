// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/aligned.hpp"

#include <carousel/view.hpp>

#include <cstddef>
#include <cstdint>

namespace carousel::onednn {

/// Whether `view` is a dense `[steps, batch, features]` array, the only kind that oneDNN's RNN and
/// inner product primitives read and write. Strides of dimensions of one element do not matter.
template <class T>
[[nodiscard]] bool is_dense(const SequenceView<T>& view) noexcept {
  return (view.batch == 1 || view.batch_stride == view.features) &&
         (view.steps == 1 || view.step_stride == view.batch * view.features);
}

/// The features `[first, first + count)` of `view`.
[[nodiscard]] inline SequenceView<float> columns(SequenceView<float> view, std::int64_t first,
                                                 std::int64_t count) noexcept {
  view.data += first;
  view.features = count;
  return view;
}

/// Copies every element of `from` to the same place of `to`, a view of the same sizes.
void copy_sequence(const SequenceView<const float>& from, const SequenceView<float>& to) noexcept;

/// Sets the steps of each row that are past its length to zero.
void zero_past_lengths(const SequenceView<float>& y, const std::int64_t* lengths) noexcept;

/// Dense copies of parts of sequences that are not dense, for up to `steps` steps at a time.
class Staging {
 public:
  Staging(std::int64_t steps, std::int64_t batch, std::int64_t inputs, std::int64_t outputs);

  [[nodiscard]] std::size_t bytes() const noexcept { return x_.bytes() + y_.bytes(); }

  /// `x` itself if it is dense, else a dense copy.
  [[nodiscard]] SequenceView<const float> input(const SequenceView<const float>& x) const noexcept;
  /// `y` itself if it is dense, else a dense array to write to and then copy from.
  [[nodiscard]] SequenceView<float> output(const SequenceView<float>& y) const noexcept;

 private:
  AlignedFloats x_;
  AlignedFloats y_;
};

}  // namespace carousel::onednn
