// SPDX-License-Identifier: Apache-2.0
// The integer part of int8 layers; CMake compiles this file once for each instruction that
// multiplies (see cmake/CarouselIsa.cmake). The rules of kernels.cpp hold here as well.
#include "backends/xsimd/isa/int8_quantize.hpp"
#if CAROUSEL_INT8_AVX2
#include "backends/xsimd/isa/int8_avx2.hpp"
#else
#include "backends/xsimd/isa/int8_tiles.hpp"
#endif

namespace carousel::simd {

extern const Int8Dot CAROUSEL_OF_ISA(int8_dot);
const Int8Dot CAROUSEL_OF_ISA(int8_dot) = {
    DotProducts::kName, DotProducts::kHasStart, CAROUSEL_INT8_AVX2 != 0, &quantize, &multiply,
};

}  // namespace carousel::simd
