// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set; CAROUSEL_PROBE names the table that each object exports.
#include "probe.hpp"

extern "C" {
extern const RooflineProbe CAROUSEL_PROBE;
}

namespace {

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__AVX2__)
constexpr int kWidth = 8;
#elif defined(__ARM_FEATURE_SVE_BITS) && __ARM_FEATURE_SVE_BITS > 0
constexpr int kWidth = __ARM_FEATURE_SVE_BITS / 32;
#else
constexpr int kWidth = 4;
#endif
typedef float Vector __attribute__((vector_size(kWidth * sizeof(float))));

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kChains = 16;  // latency 4 times up to four FMAs per cycle; 32 registers
#else
constexpr int kChains = 12;  // 16 registers, two of them for the factors
#endif

void store(const Vector& value, float* sink) {
  float sum = 0;
  for (int i = 0; i < kWidth; ++i) sum += value[i];
  *sink = sum;
}

double compute(size_t rounds, float* sink) {
  // Converges to 1 / (1 - 0.5): no overflow, no denormals, nothing for the compiler to foresee.
  Vector factor = Vector{} + 0.5F;
  Vector addend = Vector{} + 1.0F;
  asm volatile("" : "+m"(factor), "+m"(addend));
  Vector chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = addend * static_cast<float>(i);
  for (size_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) chain[i] = chain[i] * factor + addend;
  }
  for (int i = 1; i < kChains; ++i) chain[0] += chain[i];
  store(chain[0], sink);
  return 2.0 * kWidth * kChains * static_cast<double>(rounds);
}

void read(const float* data, size_t count, float* sink) {
  constexpr int kStreams = 8;
  const Vector* at = reinterpret_cast<const Vector*>(data);
  const Vector* const end = at + count / kWidth;
  Vector sum[kStreams] = {};
  for (; at != end; at += kStreams) {
#pragma GCC unroll 8
    for (int i = 0; i < kStreams; ++i) sum[i] += at[i];
  }
  for (int i = 1; i < kStreams; ++i) sum[0] += sum[i];
  store(sum[0], sink);
}

}  // namespace

const RooflineProbe CAROUSEL_PROBE = {compute, read};
