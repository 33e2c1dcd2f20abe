// SPDX-License-Identifier: Apache-2.0
// The vector tanh and sigmoid of every instruction set against double precision, and the others
// against the functions of one number.
//
// Errors are counted in ULP of the exact result for tanh (so small arguments count fully), and in
// ULP of 1, 2^-23, for sigmoid: a gate's error matters relative to the open gate.
#include <carousel/backend.hpp>

#include "backends/xsimd/host/layers.hpp"
#include "backends/xsimd/kernels.hpp"
#include "core/engine/activations.hpp"
#include "core/engine/float_env.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace {

using carousel::simd::Kernels;

/// Every float with 2^-14 <= |x| < 32, where the functions bend, is always tried. Of the others
/// (nearly linear, or saturated) each 251st, or all of them with CAROUSEL_ALL_FLOATS=1
/// (`./dev all-floats`, some minutes). With CAROUSEL_FEW_FLOATS=1, for emulated CPUs (`./dev arm`),
/// each 251st everywhere.
#if defined(CAROUSEL_TEST_ASAN) || defined(CAROUSEL_TEST_TSAN)
constexpr std::uint64_t kBendStride = 251;
#else
constexpr std::uint64_t kBendStride = 1;
#endif
constexpr std::uint64_t kFarStride = 251;  // a prime: still meets every exponent

bool asked_for(const char* variable) { return std::getenv(variable) != nullptr; }

std::uint64_t stride_at(std::uint64_t bits) {
  if (asked_for("CAROUSEL_ALL_FLOATS")) return 1;
  if (asked_for("CAROUSEL_FEW_FLOATS")) return kFarStride;
  const std::uint64_t exponent = (bits >> 23U) & 0xFFU;
  return exponent >= 127 - 14 && exponent < 127 + 5 ? kBendStride : kFarStride;
}

constexpr std::uint64_t kAllFloats = std::uint64_t{1} << 32U;
constexpr std::size_t kChunk = 1U << 14U;

struct Isa {
  std::string name;
  const Kernels* kernels;
};

std::vector<Isa> runnable_isas() {
  const std::vector<Isa> all {
#if defined(__x86_64__)
    {"xsimd:sse2", &carousel::simd::kernels_sse2}, {"xsimd:avx2", &carousel::simd::kernels_avx2},
        {"xsimd:avx512", &carousel::simd::kernels_avx512},
#elif defined(__aarch64__)
    {"xsimd:neon", &carousel::simd::kernels_neon},
        {"xsimd:sve256", &carousel::simd::kernels_sve256},
        {"xsimd:sve512", &carousel::simd::kernels_sve512},
#endif
  };
  std::vector<Isa> runnable;
  for (const carousel::BackendEntry& entry : carousel::backends()) {
    if (entry.backend == nullptr || !entry.backend->available(carousel::cpu())) continue;
    std::ranges::copy_if(all, std::back_inserter(runnable),
                         [&](const Isa& isa) { return isa.name == entry.name; });
  }
  return runnable;
}

/// tanh in double, cheap where the answer is known without a library call.
double exact_tanh(float x) {
  const double v = x;
  if (std::abs(v) < 0x1p-12) return v - v * v * v / 3.0;
  return std::abs(v) > 20.0 ? std::copysign(1.0, v) : std::tanh(v);
}

double exact_sigmoid(float x) {
  const double v = x;
  if (std::abs(v) < 0x1p-20) return 0.5 + 0.25 * v;
  if (v > 60.0) return 1.0;
  return v < -150.0 ? 0.0 : 1.0 / (1.0 + std::exp(-v));
}

/// 2^-23 of the binade of |value|: the distance of neighbouring floats there.
double ulp_of(double value) {
  constexpr std::uint64_t kExponent = 0x7FF0000000000000U;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) & kExponent) * 0x1p-23;
}

struct Worst {
  double error = 0.0;
  float at = 0.0F;
  float least = 2.0F;
  float most = -2.0F;
  std::uint64_t count = 0;
  std::uint64_t nan_mismatches = 0;
};

/// Some arguments with their exact results, one ULP of each, and what an ISA made of them.
struct Chunk {
  std::vector<float> x, y;
  std::vector<double> exact, units;
};

struct Function {
  const char* name;
  double (*exact)(float);
  double (*unit)(double exact);
  carousel::ActivationKind kind;
};

double ulp_of_one(double) { return 0x1p-23; }

void judge(const Chunk& chunk, Worst& worst) {
  for (std::size_t i = 0; i < chunk.x.size(); ++i) {
    const float y = chunk.y[i];
    const double error = std::abs(static_cast<double>(y) - chunk.exact[i]);
    worst.least = std::min(worst.least, y);
    worst.most = std::max(worst.most, y);
    if (error <= worst.error * chunk.units[i]) continue;
    if (std::isnan(chunk.x[i]) || std::isnan(y)) {
      if (std::isnan(chunk.x[i]) != std::isnan(y)) ++worst.nan_mismatches;
      continue;
    }
    worst.error = error / chunk.units[i];
    worst.at = chunk.x[i];
  }
  worst.count += chunk.x.size();
}

/// The bit patterns in [first, last), for every ISA at once.
void sweep(const Function& function, const std::vector<Isa>& isas, std::uint64_t first,
           std::uint64_t last, std::vector<Worst>& worst) {
  const carousel::FlushDenormals flush;  // as in every run
  Chunk chunk;
  // 2^14 bit patterns lie within one exponent, so one stride fits them all.
  for (std::uint64_t start = first; start < last; start += kChunk) {
    const std::uint64_t stride = stride_at(start);
    chunk.x.clear();
    for (std::uint64_t bits = start; bits < start + kChunk; bits += stride) {
      chunk.x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    }
    chunk.exact.resize(chunk.x.size());
    chunk.units.resize(chunk.x.size());
    chunk.y.resize(chunk.x.size());
    std::ranges::transform(chunk.x, chunk.exact.begin(), function.exact);
    std::ranges::transform(chunk.exact, chunk.units.begin(), function.unit);
    for (std::size_t i = 0; i < isas.size(); ++i) {
      isas[i].kernels->activate({function.kind}, chunk.x.data(), chunk.y.data(),
                                static_cast<std::int64_t>(chunk.x.size()));
      judge(chunk, worst[i]);
    }
  }
}

Worst merge(const Worst& a, const Worst& b) {
  Worst m = a.error >= b.error ? a : b;
  m.least = std::min(a.least, b.least);
  m.most = std::max(a.most, b.most);
  m.count = a.count + b.count;
  m.nan_mismatches = a.nan_mismatches + b.nan_mismatches;
  return m;
}

/// One half of the floats on each of two threads.
std::vector<Worst> sweep_all(const Function& function, const std::vector<Isa>& isas) {
  std::vector<Worst> positive(isas.size());
  std::vector<Worst> negative(isas.size());
  std::thread other([&] { sweep(function, isas, kAllFloats / 2, kAllFloats, negative); });
  sweep(function, isas, 0, kAllFloats / 2, positive);
  other.join();
  std::vector<Worst> all;
  for (std::size_t i = 0; i < isas.size(); ++i) all.push_back(merge(positive[i], negative[i]));
  return all;
}

void expect_within(const Function& function, double bound, float least, float most) {
  const std::vector<Isa> isas = runnable_isas();
  ASSERT_FALSE(isas.empty());
  const std::vector<Worst> worst = sweep_all(function, isas);
  for (std::size_t i = 0; i < isas.size(); ++i) {
    const Worst& w = worst[i];
    std::printf("%s %s: %llu floats, worst %.2f ULP at %.9g, range [%.9g, %.9g]\n",
                isas[i].name.c_str(), function.name, static_cast<unsigned long long>(w.count),
                w.error, static_cast<double>(w.at), static_cast<double>(w.least),
                static_cast<double>(w.most));
    EXPECT_LE(w.error, bound) << isas[i].name << " at " << w.at;
    EXPECT_EQ(w.nan_mismatches, 0U) << isas[i].name;
    EXPECT_GE(w.least, least) << isas[i].name;
    EXPECT_LE(w.most, most) << isas[i].name;
    EXPECT_GE(w.count, kAllFloats / kFarStride) << isas[i].name;
  }
}

TEST(Activations, TanhOverEveryFloat) {
  expect_within({"tanh", exact_tanh, ulp_of, carousel::ActivationKind::tanh}, 2.0, -1.0F, 1.0F);
}

TEST(Activations, SigmoidOverEveryFloat) {
  expect_within({"sigmoid", exact_sigmoid, ulp_of_one, carousel::ActivationKind::sigmoid}, 1.0,
                0.0F, 1.0F);
}

/// Numbers where the functions bend, and the ends.
std::vector<float> arguments() {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> x{0.0F,   -0.0F,  infinity, std::numeric_limits<float>::quiet_NaN(),
                       100.0F, -100.0F};
  for (int k = -40; k <= 40; ++k) x.push_back(static_cast<float>(k) / 7.0F);
  return x;
}

/// Calls `check(isa, function, x, y)` with what each instruction set makes of all arguments.
template <class Check>
void for_each_vector_activation(Check&& check) {
  const std::vector<float> x = arguments();
  std::vector<float> y(x.size());
  for (int k = 0; k <= static_cast<int>(carousel::ActivationKind::round); ++k) {
    const auto kind = static_cast<carousel::ActivationKind>(k);
    if (!carousel::simd::has_vector_activation(kind)) continue;
    const carousel::Activation function{kind, 0.7F, 0.3F};
    for (const Isa& isa : runnable_isas()) {
      isa.kernels->activate(function, x.data(), y.data(), static_cast<std::int64_t>(x.size()));
      check(isa, function, x, y);
    }
  }
}

TEST(VectorActivations, AreThoseOfTheReference) {
  for_each_vector_activation([](const Isa& isa, const carousel::Activation& function,
                                const std::vector<float>& x, const std::vector<float>& y) {
    for (std::size_t k = 0; k < x.size(); ++k) {
      const float expected = carousel::evaluate(function, x[k]);
      const float error = 2e-6F * std::max(1.0F, std::abs(expected));
      const bool same = std::isnan(expected)
                            ? std::isnan(y[k])
                            : y[k] == expected || std::abs(y[k] - expected) <= error;
      EXPECT_TRUE(same) << isa.name << ' ' << name(function.kind) << ' ' << x[k] << ": " << y[k]
                        << ", expected " << expected;
    }
  });
}

TEST(VectorActivations, DoNotDependOnWhereANumberStandsAndWriteNothingElse) {
  for_each_vector_activation([](const Isa& isa, const carousel::Activation& function,
                                const std::vector<float>& x, const std::vector<float>& y) {
    for (std::size_t k = 0; k < x.size(); ++k) {
      float alone[3] = {1.5F, x[k], 2.5F};
      isa.kernels->activate(function, alone + 1, alone + 1, 1);
      EXPECT_EQ(std::bit_cast<std::uint32_t>(alone[1]), std::bit_cast<std::uint32_t>(y[k]))
          << isa.name << ' ' << name(function.kind) << ' ' << x[k];
      EXPECT_EQ(alone[0], 1.5F);
      EXPECT_EQ(alone[2], 2.5F);
    }
  });
}

}  // namespace
