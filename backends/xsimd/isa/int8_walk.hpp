// SPDX-License-Identifier: Apache-2.0
#pragma once

// The steps of an int8 layer, and its projection. Each member of a step group quantizes the rows
// that it multiplies with its blocks by itself: the inputs of a segment before its first step, the
// states of all rows at each step, behind the barrier.

#include "backends/xsimd/isa/int8_products.hpp"
#include "backends/xsimd/isa/kernel_variants.hpp"

namespace carousel::simd {
namespace {

/// Begins a segment at the step s: projects the inputs of its steps into the scratch for sums.
template <class Steps>
inline void project_int8_segment(const RecurrentJob& job, Member& member, const Steps& steps,
                                 const QuantizedRows& rows, const float** inputs, std::int64_t s,
                                 std::int64_t active) {
  const PackedLayer& w = *job.weights;
  const Int8Matrix& matrix = w.int8->input;
  const std::int64_t listed = list_segment(job, member, s, active, inputs);
  quantize_rows(*matrix.dot, rows, listed, matrix.columns,
                [&](std::int64_t r) { return inputs[r]; });
  const auto project = [&](const TileRange& of, const std::int32_t* products) {
    for_each_scaled<Steps::kInput>(
        matrix, rows, of, products,
        [&](std::int64_t, std::int64_t block) { return w.bias + sums_offset(block); },
        [&](std::int64_t row, std::int64_t block, const Tile<1, 1>& tile) {
          store(tile, job.sums + row * sums_stride(w) + sums_offset(block), 0);
        });
  };
  for (int part = 0; part < steps.parts(); ++part) {
    for_each_product(matrix, rows, listed, share(steps.blocks(part), member), true, project);
  }
}

/// Computes the new states of any number of rows.
template <class Finish>
inline void finish_all(const RecurrentJob& job, const Finish& finish, const TileRange& of) {
  for (std::int64_t done = 0; done < of.rows; done += kMaxRows) {
    const std::int64_t rows = smaller(kMaxRows, of.rows - done);
    finish.finish(job, finish.sums, finish.s, {of.row + done, rows, of.block, of.blocks});
  }
}

/// A part of a step: some blocks of all rows.
template <class Finish>
inline void step_int8(const RecurrentJob& job, const Finish& finish, const States& states,
                      const QuantizedRows& rows, std::int64_t active, Range blocks) {
  const PackedLayer& w = *job.weights;
  const Int8Matrix& matrix = w.int8->recurrent;
  const auto sums = [&](std::int64_t row, std::int64_t block) {
    return finish.sums + row * sums_stride(w) + sums_offset(block);
  };
  quantize_rows(*matrix.dot, rows, active, matrix.columns,
                [&](std::int64_t r) { return states.first + r * states.stride; });
  for_each_product(matrix, rows, active, blocks, goes_upwards(job, finish.s),
                   [&](const TileRange& of, const std::int32_t* products) {
                     for_each_scaled<Finish::kState>(
                         matrix, rows, of, products, sums,
                         [&](std::int64_t row, std::int64_t block, const Tile<1, 1>& tile) {
                           store<Finish::kState>(tile, sums(row, block), 0);
                         });
                     finish_all(job, finish, of);
                   });
}

/// Computes h' = W_hr hidden of one step for some blocks of outputs.
[[gnu::noinline]] inline void project_int8_hidden(const RecurrentJob& job,
                                                  const QuantizedRows& rows, std::int64_t s,
                                                  std::int64_t active, Range blocks) {
  const Int8Matrix& matrix = job.weights->int8->projection;
  alignas(64) static constexpr float kZeros[kAccumulators * kWidth] = {};
  quantize_rows(*matrix.dot, rows, active, matrix.columns,
                [&](std::int64_t r) { return job.hidden + r * job.unit_stride; });
  for_each_product(
      matrix, rows, active, blocks, true, [&](const TileRange& of, const std::int32_t* products) {
        for_each_scaled<kEachItsOwn>(
            matrix, rows, of, products, [&](std::int64_t, std::int64_t) { return kZeros; },
            [&](std::int64_t row, std::int64_t block, const Tile<1, 1>& tile) {
              store_projected(job, tile, row, block, s);
            });
      });
}

/// Runs a member's share of a job.
template <AccumulatorMap kInput, AccumulatorMap kState>
void run_steps(const RecurrentJob& job, Member member,
               const PartedSteps<Int8Weights, kInput, kState>& steps) {
  const QuantizedRows rows = quantized_rows(job, member);
  const float** const inputs = job.inputs + member.index * job.input_rows;
  float* sums = sums_before(job, member);
  begin_job(job, member);
  std::int64_t active = active_rows(job, member.step, job.row_count);
  for (std::int64_t s = member.step; active > 0; active = active_rows(job, ++s, active)) {
    if (s >= member.projected.last) {
      sums = job.sums;
      project_int8_segment(job, member, steps, rows, inputs, s, active);
    }
    for (int part = 0; part < steps.parts(); ++part) {
      if (member.count > 1 && part > 0) job.step_group->barrier(member);
      step_int8(job, steps.finish(part, s, sums), steps.states(part, s), rows, active,
                share(steps.blocks(part), member));
    }
    steps.finish_rows(member, sums, s, active);
    finish_step(job, member, s,
                [&](Range blocks) { project_int8_hidden(job, rows, s, active, blocks); });
    if (member.count == 0) return;
    sums += active * sums_stride(*job.weights);
  }
  end_job(job, member);
}

}  // namespace
}  // namespace carousel::simd
