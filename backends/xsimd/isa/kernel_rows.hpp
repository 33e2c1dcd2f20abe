// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a row of a job stands at a step. Included by kernels.cpp only, inside its anonymous
// namespace.

struct Range {
  std::int64_t first, last;
};

inline Range share(std::int64_t count, int index, int members) {
  if (members == 1) return {0, count};  // no divisions in the steps of one thread
  return {count * index / members, count * (index + 1) / members};
}

inline Range share(std::int64_t count, const Seat& seat) {
  return share(count, seat.index, seat.count);
}

inline std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// Rows whose sequence has a step s.
inline std::int64_t active_rows(const RecurrentJob& job, std::int64_t s, std::int64_t active) {
  while (active > 0 && job.lengths[active - 1] <= s) --active;
  return active;
}

/// The time step that row r is at after s steps.
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

inline void copy(float* to, const float* from, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = from[i];
}

/// Writes h of a block of units to y, of which `count` units are left.
template <class AnyCell>
CAROUSEL_INLINE void store_units_to(float* y, const Batch (&h)[AnyCell::kVectors],
                                    std::int64_t count) {
#pragma GCC unroll 4
  for (int v = 0; v < AnyCell::kVectors; ++v) {
    if (v == 0 || v * kWidth < count) store_some(y + v * kWidth, h[v], count - v * kWidth);
  }
}
