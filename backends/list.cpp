// SPDX-License-Identifier: Apache-2.0
// The one table of built-in backends, in priority order: the order in which `auto` tries them.
// A new backend is one declaration and one line here.
#include "backends/list.hpp"

#include "backends/scalar/scalar_backend.hpp"
#include "backends/xsimd/xsimd_backend.hpp"
#if defined(CAROUSEL_HAS_ONEDNN)
#include "backends/onednn/onednn_backend.hpp"
#endif

#include <array>

namespace carousel {

std::span<const BackendEntry> built_in_backends() {
  static const std::array entries {
#if defined(__x86_64__)
    BackendEntry{&xsimd_avx512_backend(), "xsimd:avx512", {}},
        BackendEntry{&xsimd_avx2_backend(), "xsimd:avx2", {}},
        BackendEntry{&xsimd_sse2_backend(), "xsimd:sse2", {}},
        BackendEntry{nullptr, "xsimd:sve512", "this build is for x86-64"},
        BackendEntry{nullptr, "xsimd:sve256", "this build is for x86-64"},
        BackendEntry{nullptr, "xsimd:neon", "this build is for x86-64"},
#elif defined(__aarch64__)
    BackendEntry{nullptr, "xsimd:avx512", "this build is for AArch64"},
        BackendEntry{nullptr, "xsimd:avx2", "this build is for AArch64"},
        BackendEntry{nullptr, "xsimd:sse2", "this build is for AArch64"},
        BackendEntry{&xsimd_sve512_backend(), "xsimd:sve512", {}},
        BackendEntry{&xsimd_sve256_backend(), "xsimd:sve256", {}},
        BackendEntry{&xsimd_neon_backend(), "xsimd:neon", {}},
#elif defined(__wasm__)
    BackendEntry{&xsimd_wasm_backend(), "xsimd:wasm", {}},
#endif
#if defined(CAROUSEL_HAS_ONEDNN)
        BackendEntry{&onednn_backend(), "onednn", {}},
#elif defined(CAROUSEL_ONEDNN_IS_PLUGIN)
        BackendEntry{nullptr, "onednn",
                     "a plug-in of this build, whose file libcarousel_backend_onednn.so is not in "
                     "the folders of CAROUSEL_PLUGIN_PATH (by default " CAROUSEL_PLUGIN_DIR ")"},
#else
        BackendEntry{nullptr, "onednn",
                     "not in this build (CMake found no oneDNN, or CAROUSEL_ONEDNN is OFF)"},
#endif
        BackendEntry{&scalar_backend(), "scalar", {}},
  };
  return entries;
}

}  // namespace carousel
