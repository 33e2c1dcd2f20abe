// SPDX-License-Identifier: Apache-2.0
// The kernels of one instruction set; CMake compiles this file once for each (see
// cmake/CarouselIsa.cmake for CAROUSEL_ISA_NAME and CAROUSEL_ISA_ARCH). Raw pointers, an anonymous
// namespace and no std:: containers: nothing of it may be shared by the linker with another ISA.
#include "backends/xsimd/kernels.hpp"

#include "backends/xsimd/isa/kernel_dense.hpp"
#include "backends/xsimd/isa/kernel_norm.hpp"
#include "backends/xsimd/isa/kernel_variants.hpp"
#include "backends/xsimd/isa/kernel_walk.hpp"

namespace carousel::simd {
namespace {

template <class AnyCell>
void run_cell(const RecurrentJob& job, Member member) {
  run_steps(job, member, CellSteps<AnyCell>(job));
}

constexpr CellFunctions kCellFunctions{.lstm = &finish_each_row<Lstm>,
                                       .lstm_variant = &finish_units<LstmVariant>,
                                       .lstm_normalized = &finish_normalized<LstmVariant>,
                                       .gru = &finish_each_row<Gru>,
                                       .gru_variant = &finish_units<GruVariant>,
                                       .reset_and_update = &reset_and_update,
                                       .blend_states = &blend_states,
                                       .rnn = &finish_each_row<Rnn>,
                                       .rnn_variant = &finish_units<RnnVariant>,
                                       .slstm = &finish_each_row<SLstm>};

void recurrent(const RecurrentJob& job, Member member) {
  const PackedLayer& w = *job.weights;
  const bool reset_first = w.recurrent.reset_first_blocks > 0;
  if (!w.plain || reset_first) {
    return run_through_memory<Float32Weights>(job, member, kCellFunctions);
  }
  switch (w.cell) {
    case Cell::lstm: return run_cell<Lstm>(job, member);
    case Cell::gru: return run_cell<Gru>(job, member);
    case Cell::rnn: return run_cell<Rnn>(job, member);
    case Cell::slstm: return;  // never plain
  }
}

/// y[i] = function(x[i])
template <class Function>
CAROUSEL_INLINE void map(const float* x, float* y, std::int64_t count, Function function) {
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    function(Batch::load_unaligned(x + i)).store_unaligned(y + i);
  }
  if (i == count) return;
  alignas(64) float rest[kWidth] = {};
  copy(rest, x + i, count - i);
  store_some(y + i, function(Batch::load_aligned(rest)), count - i);
}

/// N vectors of one function.
template <int N, Function kFunction>
constexpr Functions<N> all_of() {
  Functions<N> functions{};
  for (Function& each : functions.of) each = kFunction;
  return functions;
}

/// y[i] = function(x[i]) for whole steps of N vectors from `i` on; returns where they end.
template <int N, Function kFunction>
CAROUSEL_INLINE std::int64_t map_together(const float* x, float* y, std::int64_t count,
                                          std::int64_t i) {
  for (; i + N * kWidth <= count; i += N * kWidth) {
    Batch v[N];
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) v[n] = Batch::load_unaligned(x + i + n * kWidth);
    activate<N, all_of<N, kFunction>()>(v);
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) v[n].store_unaligned(y + i + n * kWidth);
  }
  return i;
}

/// A CPU does not look far enough ahead to overlap the chains of vectors that follow each other, so
/// several go together.
template <Function kFunction>
void map_function(const float* x, float* y, std::int64_t count) {
  const std::int64_t fours = map_together<4, kFunction>(x, y, count, 0);
  const std::int64_t done = map_together<2, kFunction>(x, y, count, fours);
  map(x + done, y + done, count - done,
      [](Batch v) { return kFunction == Function::tanh ? tanh(v) : sigmoid(v); });
}

void activate(const Activation& function, const float* x, float* y, std::int64_t count) {
  switch (function.kind) {
    case ActivationKind::sigmoid: return map_function<Function::sigmoid>(x, y, count);
    case ActivationKind::tanh: return map_function<Function::tanh>(x, y, count);
    default: return map(x, y, count, [&](Batch v) { return evaluate(function, v); });
  }
}

}  // namespace

extern const CellFunctions CAROUSEL_OF_ISA(cell_functions);
const CellFunctions CAROUSEL_OF_ISA(cell_functions) = kCellFunctions;

extern const Kernels CAROUSEL_OF_ISA(kernels);
const Kernels CAROUSEL_OF_ISA(kernels) = {
    kWidth,
    kMaxRows,
    kDenseRows,
    {&recurrent, &dense<Float32Weights>},
    &CAROUSEL_OF_ISA(float16_kernels),
    &CAROUSEL_OF_ISA(bfloat16_kernels),
    &CAROUSEL_OF_ISA(int8_kernels),
    &activate,
};

}  // namespace carousel::simd
