// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the steps of a job are walked: the one place that decides it, and the loop that does it.

#include "backends/xsimd/isa/kernel_one_row.hpp"
#include "backends/xsimd/isa/kernel_sequence.hpp"
#include "backends/xsimd/isa/kernel_step.hpp"

namespace carousel::simd {
namespace {

/// The ways to walk a step, or several. Results are the same to the bit, since the order of sums is
/// (kernel_sums.hpp).
// clang-format off
enum class Walk {
                        // rows           inputs                      a block's weights are read
  registers,            // one, alone     while the last step ends    once for each step
  registers_projected,  // one, alone     projected ahead             once for each step
  single_step,          // one tile       with the state, by blocks   once
  projected_one_tile,   // one tile       projected ahead             once for each step
  projected_tiles,      // several tiles  projected ahead             by each tile, in depth blocks
  from_inputs,          // several tiles  with the state, by blocks   by each tile
};
// clang-format on

/// Whether inputs are projected ahead of the steps: when that uses their weights for several steps
/// at once (or, with one tile, for several blocks), or a block's sums are to be added in depth
/// blocks.
inline bool worth_projecting(const RecurrentJob& job, std::int64_t active) {
  if (active > job.projected_rows) return false;
  return active <= kMaxRows || 2 * active <= job.projected_rows ||
         job.depth < job.weights->recurrent.terms;
}

/// Chooses for the step s of the active rows. A walk of a segment that has begun goes on: others
/// may take part in it.
template <class Steps>
inline Walk choose_walk(const RecurrentJob& job, const Member& member, std::int64_t s,
                        std::int64_t active) {
  const bool one_tile = active <= kMaxRows;
  const Walk projected = one_tile ? Walk::projected_one_tile : Walk::projected_tiles;
  if (s < member.projected.last) return projected;
  bool registers = false;
  if constexpr (Steps::kInRegisters) {
    registers = fits_one_row<typename Steps::Cell>(job, active, member.count);
    if (registers && input_part_hides(job.weights->input)) return Walk::registers;
  }
  if (Steps::kFromInputs) {
    if (one_tile && s + 1 == job.lengths[0]) return Walk::single_step;
    if (!worth_projecting(job, active)) return Walk::from_inputs;
  }
  return registers ? Walk::registers_projected : projected;
}

/// A step of a usual cell: one part, whose sums stay in registers until they are new states.
template <class AnyCell>
struct CellSteps {
  using Cell = AnyCell;
  static constexpr AccumulatorMap kInput = AnyCell::kInput;
  static constexpr bool kHalves = AnyCell::kHalves;
  static constexpr bool kInRegisters = true;  ///< single rows with few units may stay in registers
  static constexpr bool kFromInputs = true;   ///< inputs need not be projected ahead
  static constexpr bool kFinishesRows = false;  ///< a step may end with what whole rows need

  const RecurrentJob& job;
  AnyCell cell;

  explicit CellSteps(const RecurrentJob& of) : job(of), cell(*of.weights) {}

  /// What is done with the sums.
  struct Finish {
    static constexpr AccumulatorMap kInput = AnyCell::kInput;
    static constexpr AccumulatorMap kState = AnyCell::kState;
    static constexpr AccumulatorMap kLoaded = kEachItsOwn;  ///< of the projected inputs
    static constexpr bool kHalves = AnyCell::kHalves;

    const RecurrentJob& job;
    const AnyCell& cell;
    std::int64_t s;

    template <bool kHalf, int R, int B>
    CAROUSEL_INLINE void operator()(Tile<R, B>& tile, std::int64_t r0, std::int64_t block) const {
      update_units<kHalf>(job, cell, tile, r0, block, s);
    }
  };

  [[nodiscard]] static constexpr int parts() { return 1; }
  [[nodiscard]] Range blocks(int) const { return {0, job.weights->recurrent.blocks}; }
  [[nodiscard]] States states(int, std::int64_t s) const { return states_before(job, s); }
  [[nodiscard]] Finish finish(int, std::int64_t s, float*) const { return {job, cell, s}; }
};

/// One part of the step s, for a member's share of its blocks. `sums` are those of the step's first
/// row, `inputs` the member's list of pointers.
template <class Finish>
inline void walk_part(Walk walk, const RecurrentJob& job, const Finish& finish,
                      const States& states, float* sums, const float** inputs, std::int64_t s,
                      std::int64_t active, Range blocks) {
  switch (walk) {
    case Walk::projected_tiles: return step_tiles(job, finish, states, sums, s, active, blocks);
    case Walk::from_inputs: return step_from_inputs(job, finish, states, inputs, s, active, blocks);
    default:
      return step_one_tile(job, finish, states, walk == Walk::single_step ? nullptr : sums, s,
                           active, blocks);
  }
}

/// A member's part of a job whose steps have one part or more, with a barrier between two of them.
template <class Steps>
void run_steps(const RecurrentJob& job, Member member, const Steps& steps) {
  // Every member writes the same pointers: cheaper than waiting would be, but a race. So each has a
  // list of its own.
  const float** const inputs = job.inputs + member.index * job.input_rows;
  float* sums = sums_before(job, member);
  run_sequence(job, member, [&](std::int64_t s, std::int64_t active) {
    const Walk walk = choose_walk<Steps>(job, member, s, active);
    if constexpr (Steps::kInRegisters) {
      if (walk == Walk::registers) {
        call_one_row<typename Steps::Cell, false>(job, s, job.lengths[0]);
        return job.lengths[0];
      }
    }
    const bool projected = walk != Walk::single_step && walk != Walk::from_inputs;
    if (s >= member.projected.last) {
      sums = job.sums;
      if (projected) {
        const std::int64_t listed = list_segment(job, member, s, active, inputs);
        for (int part = 0; part < steps.parts(); ++part) {
          project_inputs<Steps::kInput, Steps::kHalves>(job, inputs, listed,
                                                        share(steps.blocks(part), member));
        }
      }
    }
    if constexpr (Steps::kInRegisters) {
      if (walk == Walk::registers_projected) {
        call_one_row<typename Steps::Cell, true>(job, s, member.projected.last);
        return member.projected.last;
      }
    }
    if (projected && member.count > 1) fetch_states(job, s, active);
    for (int part = 0; part < steps.parts(); ++part) {
      if (part > 0 && member.count > 1) job.step_group->barrier(member);
      walk_part(walk, job, steps.finish(part, s, sums), steps.states(part, s), sums, inputs, s,
                active, share(steps.blocks(part), member));
    }
    if constexpr (Steps::kFinishesRows) steps.finish_rows(member, sums, s, active);
    finish_step(job, member, s, active);
    sums += active * sums_stride(*job.weights);
    return s + 1;
  });
}

}  // namespace
}  // namespace carousel::simd
