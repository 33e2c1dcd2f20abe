// SPDX-License-Identifier: Apache-2.0
#include <carousel/cpu.hpp>

#include "core/engine/cpu_limits.hpp"
#include "core/model/formatted.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define CAROUSEL_X86 1
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <linux/prctl.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#endif

namespace carousel {
namespace {

#if defined(CAROUSEL_X86)

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

/// Zeros when the CPU does not know the leaf.
Registers cpuid(unsigned leaf, unsigned subleaf = 0) {
  Registers r;
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

constexpr bool bit(unsigned value, unsigned index) { return ((value >> index) & 1U) != 0; }

/// Which register files the operating system saves; only to be called when OSXSAVE is set.
unsigned long long xcr0() {
  unsigned low = 0;
  unsigned high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32U) | low;
}

std::string vendor_string() {
  const Registers r = cpuid(0);
  const std::array<unsigned, 3> words{r.ebx, r.edx, r.ecx};
  std::array<char, 13> text{};
  std::memcpy(text.data(), words.data(), 12);
  return text.data();
}

std::string brand_string() {
  std::array<char, 49> text{};
  for (unsigned i = 0; i < 3; ++i) {
    const Registers r = cpuid(0x80000002U + i);
    std::memcpy(text.data() + 16 * i, &r, 16);
  }
  std::string brand = text.data();
  const auto first = brand.find_first_not_of(' ');
  const auto last = brand.find_last_not_of(' ');
  return first == std::string::npos ? "unknown CPU" : brand.substr(first, last - first + 1);
}

/// Cache sizes from the deterministic cache parameters: leaf 4 (Intel) or 0x8000001D (AMD).
void detect_caches(CpuFeatures& f) {
  const unsigned leaf = f.vendor == "AuthenticAMD" ? 0x8000001DU : 4U;
  for (unsigned i = 0; i < 8; ++i) {
    const Registers r = cpuid(leaf, i);
    const unsigned type = r.eax & 0x1FU;
    if (type == 0) return;
    if (type == 2) continue;  // instructions
    const std::int64_t ways = (r.ebx >> 22U) + 1;
    const std::int64_t partitions = ((r.ebx >> 12U) & 0x3FFU) + 1;
    const std::int64_t line = (r.ebx & 0xFFFU) + 1;
    const std::int64_t bytes = ways * partitions * line * (static_cast<std::int64_t>(r.ecx) + 1);
    const unsigned level = (r.eax >> 5U) & 7U;
    if (level == 1) f.l1d_bytes = bytes;
    if (level == 2) f.l2_bytes = bytes;
    if (level == 3) f.l3_bytes = bytes;
  }
}

CpuFeatures detect() {
  CpuFeatures f;
  f.vendor = vendor_string();
  f.brand = brand_string();
  const Registers leaf1 = cpuid(1);
  const Registers leaf7 = cpuid(7);
  const Registers leaf71 = cpuid(7, 1);
  const bool osxsave = bit(leaf1.ecx, 27);
  const unsigned long long saved = osxsave ? xcr0() : 0;
  f.os_saves_ymm = (saved & 0x06U) == 0x06U;                    // XMM and YMM
  f.os_saves_zmm = f.os_saves_ymm && (saved & 0xE0U) == 0xE0U;  // opmask, ZMM
  f.sse2 = bit(leaf1.edx, 26);
  f.sse4_2 = bit(leaf1.ecx, 20);
  f.avx = f.os_saves_ymm && bit(leaf1.ecx, 28);
  f.fma = f.avx && bit(leaf1.ecx, 12);
  f.f16c = f.avx && bit(leaf1.ecx, 29);
  f.avx2 = f.avx && bit(leaf7.ebx, 5);
  f.avx512f = f.os_saves_zmm && bit(leaf7.ebx, 16);
  f.avx512dq = f.avx512f && bit(leaf7.ebx, 17);
  f.avx512cd = f.avx512f && bit(leaf7.ebx, 28);
  f.avx512bw = f.avx512f && bit(leaf7.ebx, 30);
  f.avx512vl = f.avx512f && bit(leaf7.ebx, 31);
  f.avx512_vnni = f.avx512f && bit(leaf7.ecx, 11);
  f.avx512_bf16 = f.avx512f && bit(leaf71.eax, 5);
  f.avx_vnni = f.avx2 && bit(leaf71.eax, 4);
  detect_caches(f);
  return f;
}

#else

#if defined(__aarch64__) && defined(__linux__)

/// The length of an SVE vector in this thread, which other threads have as well unless somebody
/// changes it by prctl; 0 where there is no SVE.
int sve_vector_bits() {
  const int answer = prctl(PR_SVE_GET_VL);
  return answer < 0 ? 0 : 8 * (answer & PR_SVE_VL_LEN_MASK);
}

void ask_linux(CpuFeatures& f) {
  const unsigned long capabilities = getauxval(AT_HWCAP);
  f.asimddp = (capabilities & HWCAP_ASIMDDP) != 0;
  f.sve_bits = (capabilities & HWCAP_SVE) != 0 ? sve_vector_bits() : 0;
  f.sve = f.sve_bits > 0;
}

#endif

CpuFeatures detect() {
  CpuFeatures f;
#if defined(__aarch64__)
  f.vendor = "ARM";
  f.brand = "AArch64 CPU";
  f.neon = true;  // part of the AArch64 baseline
#if defined(__linux__)
  ask_linux(f);
#endif
#else
  f.brand = "unknown CPU";
#endif
  return f;
}

#endif

CpuFeatures& detected() {
  static CpuFeatures features = limited_by_environment(detect());
  return features;
}

}  // namespace

std::vector<std::string> CpuFeatures::names() const {
  std::vector<std::string> result;
  const auto add = [&](bool present, const char* name) {
    if (present) result.emplace_back(name);
  };
  add(sse2, "sse2");
  add(sse4_2, "sse4.2");
  add(avx, "avx");
  add(avx2, "avx2");
  add(fma, "fma");
  add(f16c, "f16c");
  add(avx512f, "avx512f");
  add(avx512cd, "avx512cd");
  add(avx512bw, "avx512bw");
  add(avx512dq, "avx512dq");
  add(avx512vl, "avx512vl");
  add(avx512_vnni, "avx512_vnni");
  add(avx512_bf16, "avx512_bf16");
  add(avx_vnni, "avx_vnni");
  add(neon, "neon");
  add(asimddp, "asimddp");
  add(sve, "sve");
  if (sve) result.push_back(formatted("sve{}", sve_bits));
  return result;
}

const CpuFeatures& cpu() { return detected(); }

AssumedCaches::AssumedCaches(std::string_view sizes) : real_(detected()) {
  detected() = with_cache_sizes(real_, sizes);
}

AssumedCaches::~AssumedCaches() { detected() = real_; }

}  // namespace carousel
