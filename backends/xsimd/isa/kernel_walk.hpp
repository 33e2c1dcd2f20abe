// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the steps of a job are walked: the one place that decides it, and the loop over the steps.

#include "backends/xsimd/isa/kernel_one_row.hpp"
#include "backends/xsimd/isa/kernel_project.hpp"
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

/// Whether these rows are a single tile.
inline bool is_one_tile(const RecurrentJob& job, std::int64_t active) {
  return active <= (job.passes ? kMaxRowsAlone : kMaxRows);
}

/// Whether the inputs of these rows are to be projected ahead of the steps: when that uses the
/// input weights for several steps at once (or, with one tile, for several blocks), or when sums
/// are to be added in depth blocks.
inline bool worth_projecting(const RecurrentJob& job, std::int64_t active) {
  if (active > job.projected_rows) return false;
  return is_one_tile(job, active) || 2 * active <= job.projected_rows ||
         job.depth < job.weights->recurrent.terms;
}

/// Chooses the walk of the step s of the active rows. Within a segment it stays the same, since
/// other members may take part in it.
template <class Steps>
inline Walk choose_walk(const RecurrentJob& job, const Member& member, std::int64_t s,
                        std::int64_t active) {
  const bool one_tile = is_one_tile(job, active);
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

/// The steps of a plain cell (one without variants). A step has one part, whose sums stay in
/// registers until they are new states.
template <class AnyCell>
struct CellSteps {
  using Cell = AnyCell;
  using Weights = Float32Weights;
  static constexpr AccumulatorMap kInput = AnyCell::kInput;
  static constexpr bool kHalves = AnyCell::kHalves;
  static constexpr bool kInRegisters = true;  ///< single rows with few units may stay in registers
  static constexpr bool kFromInputs = true;   ///< inputs need not be projected ahead
  static constexpr bool kFinishesRows = false;  ///< whether a step may end with `finish_rows`

  const RecurrentJob& job;
  AnyCell cell;

  explicit CellSteps(const RecurrentJob& of) : job(of), cell(*of.weights) {}

  /// Computes the new states from the sums of a tile.
  struct Finish {
    using Weights = Float32Weights;
    static constexpr bool kFromInputs = true;
    static constexpr AccumulatorMap kInput = AnyCell::kInput;
    static constexpr AccumulatorMap kState = AnyCell::kState;
    static constexpr AccumulatorMap kLoaded = kEachItsOwn;  ///< of the projected inputs
    static constexpr bool kHalves = AnyCell::kHalves;

    const RecurrentJob& job;
    const AnyCell& cell;
    std::int64_t s;

    template <bool kHalf, int R, int B>
    CAROUSEL_INLINE void operator()(Tile<R, B>& tile, std::int64_t r0, std::int64_t block) const {
      update_units<kHalf, !kOutputsAfterwards<AnyCell>>(job, cell, tile, r0, block, s);
    }
  };

  [[nodiscard]] static constexpr int parts() { return 1; }
  [[nodiscard]] Range blocks(int) const { return {0, job.weights->recurrent.blocks}; }
  [[nodiscard]] States states(int, std::int64_t s) const { return states_before(job, s); }
  [[nodiscard]] Finish finish(int, std::int64_t s, float*) const { return {job, cell, s}; }
  /// Writes what `Finish` has left for the end of a step.
  void after_part(std::int64_t s, std::int64_t active, Range blocks) const {
    if constexpr (kOutputsAfterwards<AnyCell>) copy_outputs<AnyCell>(job, s, active, blocks);
  }
};

/// Whether a walk takes the inputs' part of its sums from the scratch of inputs projected ahead.
constexpr bool is_projected(Walk walk) {
  return walk != Walk::registers && walk != Walk::single_step && walk != Walk::from_inputs;
}

/// Begins a segment at the step s: lists the inputs of its steps and projects the member's share.
template <class Steps>
inline void project_segment(const RecurrentJob& job, Member& member, const Steps& steps,
                            const float** inputs, std::int64_t s, std::int64_t active) {
  const std::int64_t listed = list_segment(job, member, s, active, inputs);
  for (int part = 0; part < steps.parts(); ++part) {
    project_inputs<Steps::kInput, Steps::kHalves, typename Steps::Weights>(
        job, inputs, listed, share(steps.blocks(part), member));
  }
}

/// Runs a single row from the step s on, in registers, as far as the walk goes: to the end of the
/// segment or of the sequence. Returns the step after that.
template <class AnyCell>
inline std::int64_t run_in_registers(Walk walk, const RecurrentJob& job, const Member& member,
                                     std::int64_t s) {
  if (walk == Walk::registers) {
    call_one_row<AnyCell, false>(job, s, job.lengths[0]);
    return job.lengths[0];
  }
  call_one_row<AnyCell, true>(job, s, member.projected.last);
  return member.projected.last;
}

/// Runs a member's share of the step s. `sums` points to the sums of the step's first row, `inputs`
/// to the member's list of pointers.
template <class Steps>
inline void run_step(Walk walk, const RecurrentJob& job, Member& member, const Steps& steps,
                     float* sums, const float** inputs, std::int64_t s, std::int64_t active) {
  const bool shared = member.count > 1;
  if (shared && is_projected(walk)) fetch_states(job, s, active);
  for (int part = 0; part < steps.parts(); ++part) {
    if (shared && part > 0) job.step_group->barrier(member);
    const auto finish = steps.finish(part, s, sums);
    const States states = steps.states(part, s);
    const Range blocks = share(steps.blocks(part), member);
    switch (walk) {
      case Walk::projected_tiles: step_tiles(job, finish, states, sums, s, active, blocks); break;
      case Walk::from_inputs:
        if constexpr (Steps::kFromInputs) {
          step_from_inputs(job, finish, states, inputs, s, active, blocks);
        }
        break;
      default:
        step_one_tile(job, finish, states, walk == Walk::single_step ? nullptr : sums, s, active,
                      blocks);
    }
    steps.after_part(s, active, blocks);
  }
  if constexpr (Steps::kFinishesRows) steps.finish_rows(member, sums, s, active);
  finish_step(job, member, s,
              [&](Range some) { project_hidden<typename Steps::Weights>(job, s, active, some); });
}

/// Runs a member's share of a job.
template <class Steps>
void run_steps(const RecurrentJob& job, Member member, const Steps& steps) {
  // All members write the same pointers, which is cheaper than waiting for one that does. Each has
  // a list of its own, since writing to the same list would be a data race.
  const float** const inputs = job.inputs + member.index * job.input_rows;
  float* sums = sums_before(job, member);
  begin_job(job, member);
  std::int64_t active = active_rows(job, member.step, job.row_count);
  for (std::int64_t s = member.step; active > 0; active = active_rows(job, s, active)) {
    const Walk walk = choose_walk<Steps>(job, member, s, active);
    if (s >= member.projected.last) {
      sums = job.sums;
      if (is_projected(walk)) project_segment(job, member, steps, inputs, s, active);
    }
    if constexpr (Steps::kInRegisters) {
      if (walk == Walk::registers || walk == Walk::registers_projected) {
        s = run_in_registers<typename Steps::Cell>(walk, job, member, s);
        continue;
      }
    }
    run_step(walk, job, member, steps, sums, inputs, s, active);
    if (member.count == 0) return;
    sums += active * sums_stride(*job.weights);
    ++s;
  }
  end_job(job, member);
}

}  // namespace
}  // namespace carousel::simd
