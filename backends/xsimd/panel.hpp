// SPDX-License-Identifier: Apache-2.0
#pragma once

// Packed weights: the one place that knows the address of a weight. docs/kernels.md draws the
// layouts.
//
// Objects compiled for different CPUs see this header. All its functions are always inlined, so
// that none of them becomes a symbol which the linker could share among those objects (the test
// `weak_symbols` fails if one does).

#include <cstdint>

namespace carousel::simd {

#define CAROUSEL_PANEL_FUNCTION [[nodiscard, gnu::always_inline]] constexpr

/// Accumulators of a block: the vectors of sums that a tile keeps for each of its rows and blocks.
constexpr std::int64_t kAccumulators = 4;

/// The least number of floats in a vector for which layers have half blocks.
constexpr std::int64_t kLeastHalvedWidth = 16;

/// The weight policies: how weights are stored, and where in a term of a block. The kernels add to
/// each how a vector of its elements is loaded and widened to floats (`load_weights` in
/// kernel_weights.hpp).
struct InOrder {
  /// The element of lane `lane` of the vector `vector` of a term, which has `vectors` vectors.
  CAROUSEL_PANEL_FUNCTION static std::int64_t place(std::int64_t vector, std::int64_t lane,
                                                    std::int64_t /*vectors*/, std::int64_t width) {
    return vector * width + lane;
  }
};
struct Float32Weights : InOrder {
  using Element = float;
};
/// IEEE 754 binary16.
struct Float16Weights : InOrder {
  using Element = std::uint16_t;
};
/// The upper half of a binary32. Vectors 0 and 1, and 2 and 3, share lanes of 32 bits: the even
/// vector has the lower half of each, the odd one the upper half. So a shift widens the one, and a
/// mask the other. A vector without a partner is as it would be by itself.
struct Bfloat16Weights {
  using Element = std::uint16_t;

  CAROUSEL_PANEL_FUNCTION static bool is_paired(std::int64_t vector, std::int64_t vectors) {
    return (vector | 1) < vectors;
  }
  CAROUSEL_PANEL_FUNCTION static std::int64_t place(std::int64_t vector, std::int64_t lane,
                                                    std::int64_t vectors, std::int64_t width) {
    if (!is_paired(vector, vectors)) return vector * width + lane;
    return (vector & ~std::int64_t{1}) * width + 2 * lane + (vector & 1);
  }
};

/// What a panel holds, whatever the policy: [blocks][terms][vectors][W].
struct PanelShape {
  std::int64_t terms = 0;  ///< columns of the matrix: k of its sums
  std::int64_t blocks = 0;
  bool half = false;         ///< the last block is a half block
  std::int64_t vectors = 0;  ///< weight vectors of a block for each term
  std::int64_t width = 0;    ///< W, floats in a vector
  /// The number of blocks of the gates r and z, which precede the blocks of the candidate n, in a
  /// GRU whose reset gate comes before the matrix; 0 in all other panels.
  std::int64_t reset_first_blocks = 0;

  /// Elements from a term of a block to the next.
  CAROUSEL_PANEL_FUNCTION std::int64_t term_stride(bool half_block = false) const {
    return (half_block ? (vectors + 1) / 2 : vectors) * width;
  }
  /// Elements from a block to the next.
  CAROUSEL_PANEL_FUNCTION std::int64_t block_stride() const { return terms * term_stride(); }
  CAROUSEL_PANEL_FUNCTION std::int64_t elements() const {
    return blocks * block_stride() - (half ? terms * (term_stride() - term_stride(true)) : 0);
  }

  /// Floats from the sums of a row to those of its block `block`. The sums of this panel's blocks
  /// are [blocks][4][W] floats for each row: biases are stored so, and inputs projected ahead.
  CAROUSEL_PANEL_FUNCTION std::int64_t sums_offset(std::int64_t block) const {
    return block * kAccumulators * width;
  }
  /// Floats from the sums of a row to those of the next.
  CAROUSEL_PANEL_FUNCTION std::int64_t sums_stride() const { return sums_offset(blocks); }
};

/// The packed weights of one matrix: for each block of outputs, and each term of their sums, the
/// weight vectors that are multiplied with that term's input. The weights of a block are in the
/// order in which a tile reads them.
///
/// The last block may be a half block, [terms][ceil(vectors / 2)][W], whose vectors hold two gates
/// each, one in the lower half and one in the upper.
template <class WeightPolicy>
struct BasicPanel : PanelShape {
  using Weights = WeightPolicy;
  using Element = typename Weights::Element;

  const Element* data = nullptr;

  CAROUSEL_PANEL_FUNCTION const Element* at(std::int64_t block, std::int64_t term = 0,
                                            bool half_block = false) const {
    return data + block * block_stride() + term * term_stride(half_block);
  }
};

/// A panel whose policy is known to whoever reads it.
struct AnyPanel : PanelShape {
  const void* data = nullptr;

  template <class Weights>
  CAROUSEL_PANEL_FUNCTION BasicPanel<Weights> as() const {
    return {*this, static_cast<const typename Weights::Element*>(data)};
  }
};

#undef CAROUSEL_PANEL_FUNCTION

}  // namespace carousel::simd
