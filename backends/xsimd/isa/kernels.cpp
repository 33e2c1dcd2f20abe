// SPDX-License-Identifier: Apache-2.0
// The kernels of one instruction set; CMake compiles this file once for each (see
// cmake/CarouselIsa.cmake for CAROUSEL_ISA_NAME and CAROUSEL_ISA_ARCH). Raw pointers, an anonymous
// namespace and no std:: containers: nothing of it may be shared by the linker with another ISA.
#include "backends/xsimd/kernels.hpp"

#include <xsimd/xsimd.hpp>

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wsign-conversion"  // tiles count rows and blocks in int
#endif

namespace carousel::simd {
namespace {

using Arch = CAROUSEL_ISA_ARCH;
using Batch = xsimd::batch<float, Arch>;
constexpr std::int64_t kWidth = static_cast<std::int64_t>(Batch::size);

// A tile of R rows needs 4R accumulators, R broadcast elements and a weight.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kMaxRows = 6;  // 32 registers
#else
constexpr int kMaxRows = 3;  // 16 registers
#endif

// Single rows with up to 48 units, whose weights about fill the L1 cache, have a path of their own;
// not with 4 floats a vector and 16 registers, where it is no faster.
constexpr int kMaxOneRowBlocks = kWidth > 4 ? 48 / static_cast<int>(kWidth) : 0;
// The input parts that hide in the shadow of a step's chain of dependent operations: half of the
// registers hold their gates; time for this many elements of x, each times four vectors, per block.
constexpr int kShadowBlocks = (kMaxRows + 1) / 2;
constexpr std::int64_t kShadowProducts = 256 / kWidth;

// What works on registers must not be called: its operands would go through memory.
#define CAROUSEL_INLINE [[gnu::always_inline]] inline

template <int N>
struct Int {
  static constexpr int value = N;
};

// These build on each other, in this order.
// clang-format off
#include "backends/xsimd/isa/kernel_math.hpp"
#include "backends/xsimd/isa/kernel_activations.hpp"
#include "backends/xsimd/isa/kernel_tile.hpp"
#include "backends/xsimd/isa/kernel_cells.hpp"
#include "backends/xsimd/isa/kernel_rows.hpp"
#include "backends/xsimd/isa/kernel_blocks.hpp"
#include "backends/xsimd/isa/kernel_sums.hpp"
#include "backends/xsimd/isa/kernel_step.hpp"
#include "backends/xsimd/isa/kernel_one_row.hpp"
#include "backends/xsimd/isa/kernel_recurrent.hpp"
#include "backends/xsimd/isa/kernel_variants.hpp"
#include "backends/xsimd/isa/kernel_linear.hpp"
// clang-format on

void recurrent(const RecurrentJob& job, Seat seat) {
  const PackedLayer& w = *job.weights;
  switch (w.cell) {
    case Cell::lstm:
      return w.plain ? run_rows<Lstm>(job, seat) : run_variant<LstmVariant>(job, seat);
    case Cell::gru:
      if (w.reset_blocks > 0) return run_reset_first(job, seat);
      return w.plain ? run_rows<Gru>(job, seat) : run_variant<GruVariant>(job, seat);
    case Cell::rnn: return w.plain ? run_rows<Rnn>(job, seat) : run_variant<RnnVariant>(job, seat);
    case Cell::linear: return;  // see kernel_linear.hpp
  }
}

template <Batch (*Function)(Batch)>
void map(const float* x, float* y, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    Function(Batch::load_unaligned(x + i)).store_unaligned(y + i);
  }
  alignas(64) float lanes[kWidth] = {};
  copy(lanes, x + i, count - i);
  if (i < count) store_some(y + i, Function(Batch::load_aligned(lanes)), count - i);
}

}  // namespace

#define CAROUSEL_JOIN(a, b) a##b
#define CAROUSEL_TABLE_NAME(isa) CAROUSEL_JOIN(kernels_, isa)

extern const Kernels CAROUSEL_TABLE_NAME(CAROUSEL_ISA_NAME);
const Kernels CAROUSEL_TABLE_NAME(CAROUSEL_ISA_NAME) = {
    kWidth, kMaxRows, &recurrent, &linear, &map<tanh>, &map<sigmoid>,
};

}  // namespace carousel::simd
