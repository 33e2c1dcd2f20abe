// SPDX-License-Identifier: Apache-2.0
// The kernels of one instruction set for int8 layers, around the integer sums of int8_dot.cpp; see
// kernels.cpp.
#include "backends/xsimd/isa/int8_dense.hpp"
#include "backends/xsimd/isa/int8_walk.hpp"

namespace carousel::simd {
namespace {

void recurrent(const RecurrentJob& job, Member member) {
  run_through_memory<Int8Weights>(job, member, CAROUSEL_OF_ISA(cell_functions));
}

}  // namespace

const MatrixKernels CAROUSEL_OF_ISA(int8_kernels) = {&recurrent, &dense<Int8Weights>};

}  // namespace carousel::simd
