// SPDX-License-Identifier: Apache-2.0
#pragma once

// A GRU whose reset gate comes before the matrix (Cho et al. 2014, the default of ONNX):
// n = tanh(W_in x + b_in + W_hn (r ∘ h) + b_hn). A step has two passes, since every n needs the
// reset gates of all units. Included by kernels.cpp only, inside its anonymous namespace.

constexpr Lanes kUpdateAndCandidate{2, {0, 1, 0, 0}};
constexpr Lanes kUpdate{1, {0, 0, 0, 0}};
constexpr Lanes kCandidate{1, {1, 0, 0, 0}};

/// r ∘ h of all active rows, to `hidden`: groups of 4W units.
inline void reset_states(const RecurrentJob& job, std::int64_t s, std::int64_t active,
                         Range groups) {
  const PackedLayer& w = *job.weights;
  const std::int64_t stride_ih = w.input_size * 4 * kWidth;
  const std::int64_t stride_hh = w.state_size * 4 * kWidth;
  const float* old = h_before(job, s);
  for (std::int64_t group = groups.first; group < groups.last; ++group) {
    for_each_tile(active, [&](auto rows, std::int64_t r0) {
      constexpr int R = decltype(rows)::value;
      const float* x[R];
      const float* h[R];
      for (int r = 0; r < R; ++r) {
        x[r] = x_row(job, r0 + r, s);
        h[r] = old + (r0 + r) * job.state_stride;
      }
      Tile<R, 1> tile;
      load(tile, w.reset_bias + group * 4 * kWidth, 0);
      multiply(tile, x, w.input_size, w.reset_ih + group * stride_ih, stride_ih);
      multiply(tile, h, w.state_size, w.reset_hh + group * stride_hh, stride_hh);
      for (int r = 0; r < R; ++r) {
        for (int v = 0; v < 4; ++v) {
          const std::int64_t unit = (group * 4 + v) * kWidth;
          const Batch gate = evaluate(w.activations[0], clipped(tile.acc[r][0][v], w.clip));
          const Batch reset = gate * Batch::load_aligned(h[r] + unit);
          reset.store_aligned(job.hidden + (r0 + r) * job.unit_stride + unit);
        }
      }
    });
  }
}

/// h' = (1 - z) ∘ n + z ∘ h of a tile whose accumulators are those of z and n.
template <int R, int B>
inline void blend_units(const RecurrentJob& job, const Tile<R, B>& tile, std::int64_t r0,
                        std::int64_t block, std::int64_t s) {
  const PackedLayer& w = *job.weights;
  for (int r = 0; r < R; ++r) {
    for (int b = 0; b < B; ++b) {
      const std::int64_t unit = (block + b) * kWidth;
      const float* old = h_before(job, s) + (r0 + r) * job.state_stride + unit;
      const Batch z = evaluate(w.activations[0], clipped(tile.acc[r][b][0], w.clip));
      const Batch n = evaluate(w.activations[1], clipped(tile.acc[r][b][1], w.clip));
      const Batch h[1] = {(Batch(1.0F) - z) * n + z * Batch::load_aligned(old)};
      store_units<Gru>(job, h, r0 + r, unit, s);
    }
  }
}

/// The new state from r ∘ h.
inline void blend_states(const RecurrentJob& job, std::int64_t s, std::int64_t active,
                         Range blocks) {
  const PackedLayer& w = *job.weights;
  const std::int64_t stride_ih = w.input_size * kUpdateAndCandidate.count * kWidth;
  const std::int64_t stride_hh = w.state_size * kWidth;
  for_each_tile(active, [&](auto rows, std::int64_t r0) {
    constexpr int R = decltype(rows)::value;
    const float* x[R];
    const float* h[R];
    const float* reset[R];
    for (int r = 0; r < R; ++r) {
      x[r] = x_row(job, r0 + r, s);
      h[r] = h_before(job, s) + (r0 + r) * job.state_stride;
      reset[r] = job.hidden + (r0 + r) * job.unit_stride;
    }
    const bool upwards = goes_upwards(job, s);
    const auto blend = [&](auto some, std::int64_t block) {
      constexpr int B = decltype(some)::count;
      Tile<R, B> tile;
      load(tile, w.bias + block * 4 * kWidth, 0);
      multiply<kUpdateAndCandidate>(tile, x, w.input_size, w.weight_ih + block * stride_ih,
                                    stride_ih);
      multiply<kUpdate>(tile, h, w.state_size, w.weight_hh + block * stride_hh, stride_hh);
      multiply<kCandidate>(tile, reset, w.state_size, w.candidate_hh + block * stride_hh,
                           stride_hh);
      blend_units(job, tile, r0, block, s);
    };
    for_each_block<R, false>(blocks.first, blocks.last, false, upwards, blend);
  });
}

inline void run_reset_first(const RecurrentJob& job, Seat seat) {
  const std::int64_t groups = (job.weights->blocks + 3) / 4;
  run_sequence(job, seat, [&](std::int64_t s, std::int64_t active) {
    reset_states(job, s, active, share(groups, seat));
    if (seat.count > 1) job.crew->sync(seat);
    blend_states(job, s, active, share(job.weights->blocks, seat));
    if (job.crew != nullptr) job.crew->meet(seat, s + 1);
    return s + 1;
  });
}
