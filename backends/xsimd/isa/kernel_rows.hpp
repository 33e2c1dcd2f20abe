// SPDX-License-Identifier: Apache-2.0
#pragma once

// The addresses of a job's rows at a step, and a thread's share of rows and blocks.

#include "backends/xsimd/isa/kernel_multiply.hpp"

namespace carousel::simd {
namespace {

struct Range {
  std::int64_t first, last;
};

inline Range share(std::int64_t count, int index, int members) {
  if (members == 1) return {0, count};  // no divisions in the steps of one thread
  return {count * index / members, count * (index + 1) / members};
}

inline Range share(std::int64_t count, const Member& member) {
  return share(count, member.index, member.count);
}

inline Range share(Range all, const Member& member) {
  const Range part = share(all.last - all.first, member);
  return {all.first + part.first, all.first + part.last};
}

inline std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

inline void copy(float* to, const float* from, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = from[i];
}

/// Floats from the sums of a row to those of block `block`.
CAROUSEL_INLINE std::int64_t sums_offset(std::int64_t block) {
  return block * kAccumulators * kWidth;
}

/// Floats from the sums of a row to those of the next.
CAROUSEL_INLINE std::int64_t sums_stride(const PackedLayer& w) {
  return sums_offset(w.recurrent.blocks);
}

/// The scratch of a member for quantized rows.
inline QuantizedRows quantized_rows(const RecurrentJob& job, const Member& member) {
  const QuantizedRows& all = job.quantized;
  const std::int64_t first = member.index * job.input_rows;
  return {all.bytes + first * all.stride, all.stride, all.scales + first};
}

/// The number of rows whose sequence has a step s, of the first `active` rows.
inline std::int64_t active_rows(const RecurrentJob& job, std::int64_t s, std::int64_t active) {
  while (active > 0 && job.lengths[active - 1] <= s) --active;
  return active;
}

/// The time step that row r computes as its step s: the same, or counted from its end backwards.
CAROUSEL_INLINE std::int64_t time_of(const RecurrentJob& job, std::int64_t r, std::int64_t s) {
  return job.backwards ? job.lengths[r] - 1 - s : s;
}

CAROUSEL_INLINE const float* x_row(const RecurrentJob& job, std::int64_t r, std::int64_t s) {
  return job.x.data + time_of(job, r, s) * job.x.step_stride + job.rows[r] * job.x.batch_stride;
}

CAROUSEL_INLINE float* y_row(const RecurrentJob& job, std::int64_t r, std::int64_t s) {
  return job.y.data + time_of(job, r, s) * job.y.step_stride + job.rows[r] * job.y.batch_stride;
}

CAROUSEL_INLINE float* h_before(const RecurrentJob& job, std::int64_t s) {
  return (s & 1) == 0 ? job.h_even : job.h_odd;
}

CAROUSEL_INLINE float* h_row(const RecurrentJob& job, std::int64_t r, std::int64_t s) {
  return h_before(job, s) + r * job.state_stride;
}

}  // namespace
}  // namespace carousel::simd
