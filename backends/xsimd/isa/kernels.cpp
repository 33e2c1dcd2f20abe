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

void recurrent(const RecurrentJob& job, Member member) {
  const PackedLayer& w = *job.weights;
  switch (w.cell) {
    case Cell::lstm:
      if (w.norm_weight != nullptr) return run_normalized(job, member);
      return w.plain ? run_cell<Lstm>(job, member) : run_variant<LstmVariant>(job, member);
    case Cell::gru:
      if (w.recurrent.reset_first_blocks > 0) return run_reset_first(job, member);
      return w.plain ? run_cell<Gru>(job, member) : run_variant<GruVariant>(job, member);
    case Cell::rnn:
      return w.plain ? run_cell<Rnn>(job, member) : run_variant<RnnVariant>(job, member);
    case Cell::slstm: return run_variant<SLstm, &finish_each_row<SLstm>>(job, member);
  }
}

}  // namespace

#define CAROUSEL_JOIN(a, b) a##b
#define CAROUSEL_TABLE_NAME(isa) CAROUSEL_JOIN(kernels_, isa)

extern const Kernels CAROUSEL_TABLE_NAME(CAROUSEL_ISA_NAME);
const Kernels CAROUSEL_TABLE_NAME(CAROUSEL_ISA_NAME) = {
    kWidth, kMaxRows, &recurrent, &dense, &activate,
};

}  // namespace carousel::simd
