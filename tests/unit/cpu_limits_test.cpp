// SPDX-License-Identifier: Apache-2.0
// The environment variables that hide parts of a CPU.
#include "core/engine/cpu_limits.hpp"

#include <carousel/backend.hpp>
#include <carousel/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carousel {
namespace {

CpuFeatures full_cpu() {
  CpuFeatures f;
  f.sse2 = f.sse4_2 = f.avx = f.avx2 = f.fma = f.f16c = true;
  f.avx512f = f.avx512cd = f.avx512bw = f.avx512dq = f.avx512vl = true;
  f.avx512_vnni = f.avx512_bf16 = true;
  f.l1d_bytes = 48 << 10;
  f.l2_bytes = 2 << 20;
  f.l3_bytes = 64 << 20;
  return f;
}

std::string complaint(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(CpuLimits, HideInstructionSets) {
  EXPECT_EQ(with_max_isa(full_cpu(), "").names(), full_cpu().names());
  EXPECT_EQ(with_max_isa(full_cpu(), "avx512").names(), full_cpu().names());
  EXPECT_EQ(with_max_isa(full_cpu(), "avx2").names(),
            (std::vector<std::string>{"sse2", "sse4.2", "avx", "avx2", "fma", "f16c"}));
  EXPECT_EQ(with_max_isa(full_cpu(), "sse2").names(), std::vector<std::string>{"sse2"});
}

/// AVX-VNNI belongs to CPUs with AVX2, whether they have AVX-512 or not.
TEST(CpuLimits, HideAvxVnniWithAvx2) {
  CpuFeatures f = full_cpu();
  f.avx_vnni = true;
  EXPECT_TRUE(with_max_isa(f, "avx2").avx_vnni);
  EXPECT_FALSE(with_max_isa(f, "sse2").avx_vnni);
}

/// The name of SVE with the length of its vectors is what the kernels of a length ask for.
TEST(CpuLimits, HideSve) {
  CpuFeatures f;
  f.neon = f.asimddp = f.sve = true;
  f.sve_bits = 512;
  EXPECT_EQ(f.names(), (std::vector<std::string>{"neon", "asimddp", "sve", "sve512"}));
  EXPECT_EQ(with_max_isa(f, "neon").names(), (std::vector<std::string>{"neon", "asimddp"}));
  EXPECT_EQ(with_max_isa(f, "neon").sve_bits, 0);
  EXPECT_EQ(with_max_isa(full_cpu(), "neon").names(), full_cpu().names());
}

/// Each build knows the backends of the other one by name and says why it has not got them.
TEST(CpuLimits, BackendsOfOtherCpusAreNamed) {
  for (const std::string_view name : {"xsimd:avx2", "xsimd:sve512", "xsimd:sve256", "xsimd:neon"}) {
    const auto found = std::ranges::find(backends(), name, &BackendEntry::name);
    ASSERT_NE(found, backends().end()) << name;
    if (found->backend == nullptr) {
      EXPECT_TRUE(found->missing_reason.starts_with("this build is for "))
          << name << ": " << found->missing_reason;
    }
  }
}

TEST(CpuLimits, DecideWhichBackendsAreThere) {
  const CpuFeatures narrow = with_max_isa(with_max_isa(cpu(), "sse2"), "neon");
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr || !entry.name.starts_with("xsimd:")) continue;
    EXPECT_EQ(entry.backend->available(narrow).ok,
              entry.name == "xsimd:sse2" || entry.name == "xsimd:neon")
        << entry.name;
  }
}

TEST(CpuLimits, SetCacheSizes) {
  const CpuFeatures f = with_cache_sizes(full_cpu(), "32768,512K,16M");
  EXPECT_EQ(f.l1d_bytes, 32 << 10);
  EXPECT_EQ(f.l2_bytes, 512 << 10);
  EXPECT_EQ(f.l3_bytes, 16 << 20);
  EXPECT_EQ(f.names(), full_cpu().names());
  EXPECT_EQ(with_cache_sizes(full_cpu(), "").l2_bytes, full_cpu().l2_bytes);
}

TEST(CpuLimits, RefuseWhatTheyDoNotUnderstand) {
  EXPECT_EQ(complaint([] { (void)with_max_isa(full_cpu(), "avx3"); }),
            "CAROUSEL_MAX_ISA: 'avx3' is none of sse2, avx2, avx512, neon");
  for (const char* sizes : {"32K", "32K,512K", "32K,512K,16M,64M", "32K,,16M", "32k,512K,16M",
                            "-32K,512K,16M", "0,512K,16M", "32K,16M,512K", "32K,512K,16G",
                            " 32K,512K,16M", "32K,512K,99999999999M", ","}) {
    EXPECT_TRUE(complaint([&] {
                  (void)with_cache_sizes(full_cpu(), sizes);
                }).starts_with("CAROUSEL_CACHE_SIZES: '" + std::string(sizes) + "' is not"))
        << sizes;
  }
}

TEST(CpuLimits, AssumedCachesLastForAScope) {
  const std::int64_t real = cpu().l2_bytes;
  {
    const AssumedCaches assumed("1K,2K,3K");
    EXPECT_EQ(cpu().l2_bytes, 2 << 10);
  }
  EXPECT_EQ(cpu().l2_bytes, real);
}

TEST(CpuLimits, AreReadFromTheEnvironment) {
  ASSERT_EQ(setenv("CAROUSEL_MAX_ISA", "avx2", 1), 0);
  ASSERT_EQ(setenv("CAROUSEL_CACHE_SIZES", "32K,256K,4M", 1), 0);
  const CpuFeatures f = limited_by_environment(full_cpu());
  ASSERT_EQ(unsetenv("CAROUSEL_MAX_ISA"), 0);
  ASSERT_EQ(unsetenv("CAROUSEL_CACHE_SIZES"), 0);
  EXPECT_FALSE(f.avx512f);
  EXPECT_TRUE(f.avx2);
  EXPECT_EQ(f.l2_bytes, 256 << 10);
}

}  // namespace
}  // namespace carousel
