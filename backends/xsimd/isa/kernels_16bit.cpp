// SPDX-License-Identifier: Apache-2.0
// The kernels of one instruction set for weights in 16 bits, float16 and bfloat16, which are
// widened to floats as they are loaded; see kernels.cpp.
#include "backends/xsimd/isa/kernel_dense.hpp"
#include "backends/xsimd/isa/kernel_variants.hpp"

namespace carousel::simd {
namespace {

template <class Weights>
void recurrent(const RecurrentJob& job, Member member) {
  run_through_memory<Weights>(job, member, CAROUSEL_OF_ISA(cell_functions));
}

template <class Weights>
constexpr MatrixKernels kKernels{&recurrent<Weights>, &dense<Weights>};

}  // namespace

const MatrixKernels CAROUSEL_OF_ISA(float16_kernels) = kKernels<Float16Weights>;
const MatrixKernels CAROUSEL_OF_ISA(bfloat16_kernels) = kKernels<Bfloat16Weights>;

}  // namespace carousel::simd
