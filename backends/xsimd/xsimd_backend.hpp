// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

namespace carousel {

/// Hand-vectorized kernels: one source, compiled for each instruction set.
#if defined(__x86_64__)
[[nodiscard]] const Backend& xsimd_avx512_backend();
[[nodiscard]] const Backend& xsimd_avx2_backend();
[[nodiscard]] const Backend& xsimd_sse2_backend();
#elif defined(__aarch64__)
[[nodiscard]] const Backend& xsimd_sve512_backend();
[[nodiscard]] const Backend& xsimd_sve256_backend();
[[nodiscard]] const Backend& xsimd_neon_backend();
#elif defined(__wasm__)
[[nodiscard]] const Backend& xsimd_wasm_backend();
#endif

}  // namespace carousel
