// SPDX-License-Identifier: Apache-2.0
#pragma once

// A GRU whose reset gate comes before the matrix (Cho et al. 2014, the default of ONNX):
// n = tanh(W_in x + b_in + W_hn (r ∘ h) + b_hn). A step has two parts, since every n needs the
// reset gates of all units: the blocks of r and z, then those of n (see PackedLayer). Included by
// kernels.cpp only, inside its anonymous namespace.

/// Vectors of units.
inline std::int64_t unit_vectors(const PackedLayer& w) {
  return (w.hidden_size + kWidth - 1) / kWidth;
}

/// A tile's rows and blocks.
struct Part {
  std::int64_t row, rows, block, blocks;
};

/// Puts the sums of both parts where those of the inputs were, for `kFinish` to use them: that is
/// no part of the tiles, whose code would be several times as long.
template <void (*kFinish)(const RecurrentJob&, float*, std::int64_t, const Part&)>
struct FinishSums {
  static constexpr Lanes kInput = kAllLanes;
  static constexpr Lanes kState = kAllLanes;
  static constexpr bool kHalves = false;

  const RecurrentJob& job;
  float* gates;
  std::int64_t s;

  template <bool, int R, int B>
  CAROUSEL_INLINE void operator()(const Tile<R, B>& tile, std::int64_t r0,
                                  std::int64_t block) const {
    const std::int64_t stride = job.weights->blocks * 4 * kWidth;
    store(tile, gates + r0 * stride + block * 4 * kWidth, stride);
    kFinish(job, gates, s, {r0, R, block, B});
  }
};

/// Calls `body(vector, x)` with the function of each of the part's vectors before `end`.
template <Function kFunction, int kWhich, class Body>
CAROUSEL_INLINE void for_each_sum(const PackedLayer& w, const float* sums, const Part& part,
                                  std::int64_t end, Body&& body) {
  constexpr int kAtOnce = 2;
  end = smaller(end, (part.block + part.blocks) * 4);
  for (std::int64_t first = part.block * 4; first < end; first += kAtOnce) {
    Batch x[kAtOnce];
    for (int v = 0; v < kAtOnce; ++v) x[v] = Batch::load_aligned(sums + (first + v) * kWidth);
    if (w.plain) {
      activate<kAtOnce, Functions<kAtOnce>{{kFunction, kFunction}}>(x);
    } else {
      for (Batch& value : x) value = evaluate(w.activations[kWhich], clipped(value, w.clip));
    }
    for (int v = 0; v < kAtOnce && first + v < end; ++v) body(first + v, x[v]);
  }
}

/// r ∘ h to `hidden`, z to where its sums are.
[[gnu::noinline]] inline void reset_and_update(const RecurrentJob& job, float* gates,
                                               std::int64_t s, const Part& part) {
  const PackedLayer& w = *job.weights;
  const std::int64_t vectors = unit_vectors(w);
  for (std::int64_t r = part.row; r < part.row + part.rows; ++r) {
    const float* old = h_row(job, r, s);
    float* reset = job.hidden + r * job.unit_stride;
    float* sums = gates + r * w.blocks * 4 * kWidth;
    const auto put = [&](std::int64_t vector, Batch gate) {
      const std::int64_t at = vector * kWidth;
      if (vector < vectors) {
        (gate * Batch::load_aligned(old + at)).store_aligned(reset + at);
      } else {
        gate.store_aligned(sums + at);
      }
    };
    for_each_sum<Function::sigmoid, 0>(w, sums, part, 2 * vectors, put);
  }
}

/// h' = (1 - z) ∘ n + z ∘ h
[[gnu::noinline]] inline void blend_states(const RecurrentJob& job, float* gates, std::int64_t s,
                                           const Part& part) {
  const PackedLayer& w = *job.weights;
  const std::int64_t vectors = unit_vectors(w);
  const std::int64_t first = w.reset_blocks * 4;
  for (std::int64_t r = part.row; r < part.row + part.rows; ++r) {
    const float* old = h_row(job, r, s);
    const float* sums = gates + r * w.blocks * 4 * kWidth;
    const float* update = sums + vectors * kWidth;
    const auto blend = [&](std::int64_t vector, Batch n) {
      const std::int64_t unit = (vector - first) * kWidth;
      const Batch z = Batch::load_aligned(update + unit);
      const Batch h[1] = {xsimd::fma(z, Batch::load_aligned(old + unit) - n, n)};
      store_units<Gru>(job, h, r, unit, s);
    };
    for_each_sum<Function::tanh, 1>(w, sums, part, first + vectors, blend);
  }
}

inline void run_reset_first(const RecurrentJob& job, Seat seat) {
  const PackedLayer& w = *job.weights;
  const auto share_first = [&] { return share(w.reset_blocks, seat); };
  const auto share_second = [&] {
    const Range blocks = share(w.blocks - w.reset_blocks, seat);
    return Range{w.reset_blocks + blocks.first, w.reset_blocks + blocks.last};
  };
  // `inputs`: as projected, or null; in either case `gates` is where sums are put.
  const auto run_step = [&](std::int64_t s, std::int64_t active, float* inputs, float* gates) {
    step_blocks(job, FinishSums<reset_and_update>{job, gates, s}, states_before(job, s), inputs, s,
                active, share_first());
    if (seat.count > 1) job.crew->sync(seat);
    step_blocks(job, FinishSums<blend_states>{job, gates, s}, States{job.hidden, job.unit_stride},
                inputs, s, active, share_second());
    if (job.crew != nullptr) job.crew->meet(seat, s + 1);
  };
  const float** inputs = job.inputs + seat.index * job.input_rows;
  run_sequence(job, seat, [&](std::int64_t s, std::int64_t active) {
    const bool within = s < seat.stretch.last;
    if (!within && is_single_step(job, s, active)) {
      run_step(s, active, nullptr, job.gates);
      return s + 1;
    }
    if (!within) {
      const std::int64_t listed = list_stretch(job, seat, s, active, inputs);
      project_inputs<kAllLanes, false>(job, inputs, listed, share_first());
      project_inputs<kAllLanes, false>(job, inputs, listed, share_second());
    }
    run_stretch(job, seat, s, active, [&](std::int64_t t, std::int64_t rows, float* gates) {
      run_step(t, rows, gates, gates);
    });
    return seat.stretch.last;
  });
}
