// SPDX-License-Identifier: Apache-2.0
#pragma once

// The cells: how each computes new states from the four accumulators of a block of units.
//
// A cell has two functions. `update_memory` computes all that the last activation function needs,
// `emit_hidden` the new h. Between the two, a single row computes what depends on neither. Both get
// the vectors that the cell keeps per unit (`kKept` of them): its memories, which `update_memory`
// replaces, and the old h where the cell uses it.
//
// - kInput, kState: which accumulators the weights of the input and of the state are added to
// - kVectors: vectors of units in a block
// - kMemories: states besides h
// - kUsesOldHidden: whether the old h is kept as well, behind the memories
// - kHalves: whether the last block may be a half block (see docs/kernels.md)
//
// The variants of the cells have the same functions; kernel_variants.hpp runs them.

#include "backends/xsimd/isa/kernel_activations.hpp"
#include "backends/xsimd/isa/kernel_math.hpp"
#include "backends/xsimd/isa/kernel_tile.hpp"

namespace carousel::simd {
namespace {

/// How many vectors a cell keeps for each vector of units; at least 1, as it is the size of an
/// array.
template <class AnyCell>
constexpr int kKept = AnyCell::kMemories + (AnyCell::kUsesOldHidden ? 1 : 0) > 0
                          ? AnyCell::kMemories + (AnyCell::kUsesOldHidden ? 1 : 0)
                          : 1;

/// The kept vectors where a cell has one: c, or the old h.
using OneKept = Batch[1];

struct Lstm {
  static constexpr AccumulatorMap kInput = kEachItsOwn;
  static constexpr AccumulatorMap kState = kEachItsOwn;
  static constexpr int kVectors = 1;
  static constexpr int kMemories = 1;
  static constexpr bool kUsesOldHidden = false;
  static constexpr bool kHalves = kWidth >= kLeastHalvedWidth;

  explicit Lstm(const PackedLayer&) {}

  /// c' = f ∘ c + i ∘ g
  CAROUSEL_INLINE void update_memory(Batch (&gate)[4], OneKept& c, std::int64_t) const {
    constexpr Functions<3> kGates{{Function::sigmoid, Function::sigmoid, Function::tanh}};
    Batch ifg[3] = {gate[0], gate[1], gate[2]};
    activate<3, kGates>(ifg);
    c[0] = xsimd::fma(ifg[1], c[0], ifg[0] * ifg[2]);
  }
  /// h' = o ∘ tanh(c')
  CAROUSEL_INLINE void emit_hidden(const Batch (&gate)[4], const OneKept& c, Batch (&h)[1],
                                   std::int64_t) const {
    constexpr Functions<2> kOutput{{Function::sigmoid, Function::tanh}};
    Batch out[2] = {gate[3], c[0]};
    activate<2, kOutput>(out);
    h[0] = shut_by_infinity(out[0], gate[3]) * out[1];
  }
};

/// LSTM with peepholes, coupled gates, clips or any activation functions.
struct LstmVariant : Lstm {
  explicit LstmVariant(const PackedLayer& layer) : Lstm(layer), w(layer) {}

  [[nodiscard]] Batch gated(int which, Batch a, int peephole, Batch c, std::int64_t block) const {
    if (w.peephole != nullptr && peephole >= 0) {
      a = xsimd::fma(Batch::load_aligned(w.peephole + (block * 3 + peephole) * kWidth), c, a);
    }
    return evaluate(w.activations[which], clipped(a, w.clip));
  }
  [[gnu::noinline]] void update_memory(Batch (&gate)[4], OneKept& c, std::int64_t block) const {
    Batch i = gated(0, gate[0], 0, c[0], block);
    Batch f = gated(0, gate[1], 1, c[0], block);
    const Batch g = gated(1, gate[2], -1, c[0], block);
    if (w.coupling == GateCoupling::forget_from_input) f = Batch(1.0F) - i;
    if (w.coupling == GateCoupling::input_from_forget) i = Batch(1.0F) - f;
    c[0] = clipped(xsimd::fma(f, c[0], i * g), w.cell_clip);
  }
  void emit_hidden(const Batch (&gate)[4], const OneKept& c, Batch (&h)[1],
                   std::int64_t block) const {
    h[0] = gated(0, gate[3], 2, c[0], block) * evaluate(w.activations[2], c[0]);
  }

  const PackedLayer& w;
};

/// GRU with the reset gate after the matrix (PyTorch, cuDNN).
struct Gru {
  static constexpr AccumulatorMap kInput{3, {0, 1, 2, 0}};
  static constexpr AccumulatorMap kState{3, {0, 1, 3, 0}};
  static constexpr int kVectors = 1;
  static constexpr int kMemories = 0;
  static constexpr bool kUsesOldHidden = true;
  static constexpr bool kHalves = kWidth >= kLeastHalvedWidth;

  explicit Gru(const PackedLayer&) {}

  /// The pre-activation of n: W_in x + b_in + r ∘ (W_hn h + b_hn)
  CAROUSEL_INLINE void update_memory(Batch (&gate)[4], OneKept&, std::int64_t) const {
    constexpr Functions<2> kGates{{Function::sigmoid, Function::sigmoid}};
    Batch rz[2] = {gate[0], gate[1]};
    activate<2, kGates>(rz);
    gate[1] = shut_by_infinity(rz[1], gate[1]);
    gate[2] = xsimd::fma(shut_by_infinity(rz[0], gate[0]), gate[3], gate[2]);
  }
  /// h' = (1 - z) ∘ n + z ∘ h
  CAROUSEL_INLINE void emit_hidden(const Batch (&gate)[4], const OneKept& old, Batch (&h)[1],
                                   std::int64_t) const {
    const Batch n = tanh(gate[2]);
    h[0] = xsimd::fma(gate[1], old[0] - n, n);
  }
};

struct GruVariant : Gru {
  explicit GruVariant(const PackedLayer& layer) : Gru(layer), w(layer) {}

  void update_memory(Batch (&gate)[4], OneKept&, std::int64_t) const {
    const Batch r = evaluate(w.activations[0], clipped(gate[0], w.clip));
    gate[1] = evaluate(w.activations[0], clipped(gate[1], w.clip));
    gate[2] = xsimd::fma(r, gate[3], gate[2]);
  }
  void emit_hidden(const Batch (&gate)[4], const OneKept& old, Batch (&h)[1], std::int64_t) const {
    const Batch n = evaluate(w.activations[1], clipped(gate[2], w.clip));
    h[0] = (Batch(1.0F) - gate[1]) * n + gate[1] * old[0];
  }

  const PackedLayer& w;
};

/// The sLSTM cell of xLSTM, of which a head is a layer by itself. Its memories are c, n and m. Only
/// kernel_variants.hpp runs it, so its functions are called rather than inlined.
struct SLstm {
  static constexpr AccumulatorMap kInput = kEachItsOwn;
  static constexpr AccumulatorMap kState = kEachItsOwn;
  static constexpr int kVectors = 1;
  static constexpr int kMemories = 3;
  static constexpr bool kUsesOldHidden = false;

  explicit SLstm(const PackedLayer&) {}

  /// The gates' pre-activations are a_i, a_f, a_z, a_o.
  /// l = m + log σ(a_f)             m' = a_i where n = 0, else max(a_i, l)
  /// i = min(1, exp(a_i - m'))      f = min(1, exp(l - m'))
  /// c' = f ∘ c + i ∘ tanh(a_z)     n' = f ∘ n + i
  [[gnu::noinline]] void update_memory(Batch (&gate)[4], Batch (&memory)[3], std::int64_t) const {
    Batch& c = memory[0];
    Batch& n = memory[1];
    Batch& m = memory[2];
    const Batch l = m + log_sigmoid(gate[1]);
    const Batch larger = maximum(gate[0], l);  // l where one is NaN
    m = xsimd::select(xsimd::isnan(gate[0]) | (n == Batch(0.0F)), gate[0], larger);
    const Batch i = exp_up_to_one(gate[0] - m);
    const Batch f = exp_up_to_one(l - m);
    c = xsimd::fma(f, c, i * tanh(gate[2]));
    n = xsimd::fma(f, n, i);
  }
  /// h' = σ(a_o) ∘ c' / n'
  [[gnu::noinline]] void emit_hidden(const Batch (&gate)[4], const Batch (&memory)[3],
                                     Batch (&h)[1], std::int64_t) const {
    h[0] = divide(shut_by_infinity(sigmoid(gate[3]), gate[3]) * memory[0], memory[1]);
  }
};

struct Rnn {
  static constexpr AccumulatorMap kInput = kEachItsOwn;
  static constexpr AccumulatorMap kState = kEachItsOwn;
  static constexpr int kVectors = 4;
  static constexpr int kMemories = 0;
  static constexpr bool kUsesOldHidden = false;
  static constexpr bool kHalves = false;

  explicit Rnn(const PackedLayer&) {}

  CAROUSEL_INLINE void update_memory(Batch (&)[4], OneKept&, std::int64_t) const {}
  CAROUSEL_INLINE void emit_hidden(const Batch (&gate)[4], const OneKept&, Batch (&h)[4],
                                   std::int64_t) const {
    for (int v = 0; v < 4; ++v) h[v] = gate[v];
    activate<4, Functions<4>{}>(h);
  }
};

struct RnnVariant : Rnn {
  explicit RnnVariant(const PackedLayer& layer) : Rnn(layer), w(layer) {}

  void emit_hidden(const Batch (&gate)[4], const OneKept&, Batch (&h)[4], std::int64_t) const {
    for (int v = 0; v < 4; ++v) h[v] = evaluate(w.activations[0], clipped(gate[v], w.clip));
  }

  const PackedLayer& w;
};

}  // namespace
}  // namespace carousel::simd
