// SPDX-License-Identifier: Apache-2.0
#pragma once

// Layers that are not the usual ones. Their sums go through memory, to where those of the inputs
// were, and functions of their own take them from there: so all share the code of few tiles, which
// would else be several times as long. Included by kernels.cpp only, inside its anonymous
// namespace.

/// The rows and blocks of a tile.
struct Patch {
  std::int64_t row, rows, block, blocks;
};

/// What the sums of a patch are for; `gates` has those of the step's first row first.
using FinishPatch = void (*)(const RecurrentJob& job, float* gates, std::int64_t s, const Patch&);

template <Lanes kInputLanes, Lanes kStateLanes>
struct FinishSums {
  static constexpr Lanes kInput = kInputLanes;
  static constexpr Lanes kState = kStateLanes;
  static constexpr Lanes kLoaded = kStateLanes;  // the others stay where they are
  static constexpr bool kHalves = false;

  const RecurrentJob& job;
  float* gates;
  std::int64_t s;
  FinishPatch finish;

  template <bool, int R, int B>
  CAROUSEL_INLINE void operator()(const Tile<R, B>& tile, std::int64_t r0,
                                  std::int64_t block) const {
    const std::int64_t stride = job.weights->blocks * 4 * kWidth;
    store<kState>(tile, gates + r0 * stride + block * 4 * kWidth, stride);
    finish(job, gates, s, {r0, R, block, B});
  }
};

/// Blocks of a step that need nothing of each other.
struct StepPart {
  Range blocks;
  FinishPatch finish;
  bool of_hidden;  ///< their matrix is multiplied with `hidden` instead of h
};

/// A job whose steps have so many parts, one after the other.
template <Lanes kInput, Lanes kState>
void run_parts(const RecurrentJob& job, Seat seat, const StepPart* parts, int count) {
  // Else not all sums of the inputs pass through the tiles of the states.
  constexpr bool kAlike = kInput.count == kAllLanes.count && kState.count == kAllLanes.count;
  const auto share_of = [&](const StepPart& part) {
    const Range blocks = share(part.blocks.last - part.blocks.first, seat);
    return Range{part.blocks.first + blocks.first, part.blocks.first + blocks.last};
  };
  // `step(finish, states, blocks)` adds to `gates`, or puts there, the sums of a part.
  const auto run_step = [&](std::int64_t s, std::int64_t active, float* gates, auto&& step) {
    for (int i = 0; i < count; ++i) {
      const StepPart& part = parts[i];
      if (i > 0 && seat.count > 1) job.crew->sync(seat);
      step(FinishSums<kInput, kState>{job, gates, s, part.finish},
           part.of_hidden ? States{job.hidden, job.unit_stride} : states_before(job, s),
           share_of(part));
    }
    finish_step(job, seat, s, active);
  };
  const float** inputs = job.inputs + seat.index * job.input_rows;
  run_sequence(job, seat, [&](std::int64_t s, std::int64_t active) {
    const bool within = s < seat.stretch.last;
    if (kAlike && !within && (is_single_step(job, s, active) || !worth_hoisting(job, active))) {
      run_step(s, active, job.gates, [&](const auto& finish, const States& states, Range blocks) {
        if (active <= kMaxRows) {
          step_one_tile(job, finish, states, nullptr, s, active, blocks);
        } else {
          step_from_inputs(job, finish, states, inputs, s, active, blocks);
        }
      });
      return s + 1;
    }
    if (!within) {
      const std::int64_t listed = list_stretch(job, seat, s, active, inputs);
      for (int i = 0; i < count; ++i) {
        project_inputs<kInput, false>(job, inputs, listed, share_of(parts[i]));
      }
    }
    run_stretch(job, seat, s, active, [&](std::int64_t t, std::int64_t rows, float* gates) {
      run_step(t, rows, gates, [&](const auto& finish, const States& states, Range blocks) {
        step_blocks(job, finish, states, gates, t, rows, blocks);
      });
    });
    return seat.stretch.last;
  });
}

template <class AnyCell>
void finish_units(const RecurrentJob& job, float* gates, std::int64_t s, const Patch& patch) {
  const AnyCell cell(*job.weights);
  const std::int64_t stride = job.weights->blocks * 4 * kWidth;
  call_with_rows(patch.rows, patch.row, [&](auto rows, std::int64_t r0) {
    for (std::int64_t block = patch.block; block < patch.block + patch.blocks; ++block) {
      Tile<decltype(rows)::value, 1> tile;
      load(tile, gates + r0 * stride + block * 4 * kWidth, stride);
      update_units<false>(job, cell, tile, r0, block, s);
    }
  });
}

/// Peepholes, coupled gates, clips, any activation.
template <class AnyCell>
void run_variant(const RecurrentJob& job, Seat seat) {
  const StepPart part{{0, job.weights->blocks}, &finish_units<AnyCell>, false};
  run_parts<AnyCell::kInput, AnyCell::kState>(job, seat, &part, 1);
}

// A GRU whose reset gate comes before the matrix (Cho et al. 2014, the default of ONNX):
// n = tanh(W_in x + b_in + W_hn (r ∘ h) + b_hn). A step has two parts, since every n needs the
// reset gates of all units: the blocks of r and z, then those of n (see PackedLayer).

/// Vectors of units.
inline std::int64_t unit_vectors(const PackedLayer& w) {
  return (w.hidden_size + kWidth - 1) / kWidth;
}

/// Calls `body(vector, x)` with the function of each of the patch's vectors before `end`.
template <Function kFunction, int kWhich, class Body>
CAROUSEL_INLINE void for_each_sum(const PackedLayer& w, const float* sums, const Patch& patch,
                                  std::int64_t end, Body&& body) {
  constexpr int kAtOnce = 2;
  end = smaller(end, (patch.block + patch.blocks) * 4);
  for (std::int64_t first = patch.block * 4; first < end; first += kAtOnce) {
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
inline void reset_and_update(const RecurrentJob& job, float* gates, std::int64_t s,
                             const Patch& patch) {
  const PackedLayer& w = *job.weights;
  const std::int64_t vectors = unit_vectors(w);
  for (std::int64_t r = patch.row; r < patch.row + patch.rows; ++r) {
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
    for_each_sum<Function::sigmoid, 0>(w, sums, patch, 2 * vectors, put);
  }
}

/// h' = (1 - z) ∘ n + z ∘ h
inline void blend_states(const RecurrentJob& job, float* gates, std::int64_t s,
                         const Patch& patch) {
  const PackedLayer& w = *job.weights;
  const std::int64_t vectors = unit_vectors(w);
  const std::int64_t first = w.reset_blocks * 4;
  for (std::int64_t r = patch.row; r < patch.row + patch.rows; ++r) {
    const float* old = h_row(job, r, s);
    const float* sums = gates + r * w.blocks * 4 * kWidth;
    const float* update = sums + vectors * kWidth;
    const auto blend = [&](std::int64_t vector, Batch n) {
      const std::int64_t unit = (vector - first) * kWidth;
      const Batch z = Batch::load_aligned(update + unit);
      const Batch h[1] = {xsimd::fma(z, Batch::load_aligned(old + unit) - n, n)};
      store_units<Gru>(job, h, r, unit, s);
    };
    for_each_sum<Function::tanh, 1>(w, sums, patch, first + vectors, blend);
  }
}

inline void run_reset_first(const RecurrentJob& job, Seat seat) {
  const PackedLayer& w = *job.weights;
  const StepPart parts[] = {{{0, w.reset_blocks}, &reset_and_update, false},
                            {{w.reset_blocks, w.blocks}, &blend_states, true}};
  run_parts<kAllLanes, kAllLanes>(job, seat, parts, 2);
}
