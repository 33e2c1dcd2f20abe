// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/export.h>

#include <cstdint>
#include <string>
#include <vector>

namespace carousel {

/// What this CPU can run, from CPUID **and** XCR0, or on AArch64 from what Linux reports: a feature
/// counts only if the operating system saves the registers it needs. Never derived from
/// compile-time flags.
struct CpuFeatures {
  std::string vendor;  ///< "AuthenticAMD"
  std::string brand;   ///< "AMD EPYC ..."
  bool sse2 = false;
  bool sse4_2 = false;
  bool avx = false;
  bool avx2 = false;
  bool fma = false;
  bool f16c = false;
  bool avx512f = false;
  bool avx512cd = false;
  bool avx512bw = false;
  bool avx512dq = false;
  bool avx512vl = false;
  bool avx512_vnni = false;
  bool avx512_bf16 = false;
  bool avx_vnni = false;
  bool neon = false;
  bool asimddp = false;  ///< dot products of int8 on AArch64
  bool sve = false;
  int sve_bits = 0;  ///< of an SVE vector, as the operating system has set it; 0 without SVE
  bool os_saves_ymm = false;
  bool os_saves_zmm = false;
  std::int64_t l1d_bytes = 0;  ///< per core; 0 when the CPU does not tell
  std::int64_t l2_bytes = 0;   ///< per core
  std::int64_t l3_bytes = 0;   ///< shared by the cores around it

  /// The names of the features that are set, in the order above. SVE has a second name, which tells
  /// the length of its vectors: "sve256".
  [[nodiscard]] CAROUSEL_API std::vector<std::string> names() const;
};

/// Features of the machine this runs on; detected once.
[[nodiscard]] CAROUSEL_API const CpuFeatures& cpu();

}  // namespace carousel
