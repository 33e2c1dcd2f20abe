// SPDX-License-Identifier: Apache-2.0
// The kernels of one instruction set; CMake compiles this file once for each (see
// cmake/CarouselIsa.cmake for CAROUSEL_ISA_NAME and CAROUSEL_ISA_ARCH). Raw pointers, an anonymous
// namespace and no std:: containers: nothing of it may be shared by the linker with another ISA.
#include "backends/xsimd/kernels.hpp"

#include "backends/xsimd/isa/kernel_dense.hpp"
#include "backends/xsimd/isa/kernel_map.hpp"
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
