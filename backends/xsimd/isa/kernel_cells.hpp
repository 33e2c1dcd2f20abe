// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a step does with the four accumulators of a block of units, per cell. Included by
// kernels.cpp only, inside its anonymous namespace.
//
// `first` is what comes before the squashing of the new state, `last` the rest: between the two, a
// single row computes what does not depend on either.
//
// - kInput, kState: which accumulators the input's and the state's weights add to (see PackedLayer)
// - kVectors: vectors of units in a block
// - kMemory: what both functions are given besides: c, which `first` replaces, or the old h
// - kHalves: whether the last block may be a half one
//
// The variants of the cells come from kernel_variants.hpp.

enum class Memory { cell, hidden, none };

struct Lstm {
  static constexpr Lanes kInput = kAllLanes;
  static constexpr Lanes kState = kAllLanes;
  static constexpr int kVectors = 1;
  static constexpr Memory kMemory = Memory::cell;
  static constexpr bool kHalves = kWidth >= kLeastHalvedWidth;

  explicit Lstm(const PackedLayer&) {}

  /// c' = f ∘ c + i ∘ g
  CAROUSEL_INLINE void first(Batch (&gate)[4], Batch& c, std::int64_t) const {
    constexpr Functions<3> kGates{{Function::sigmoid, Function::sigmoid, Function::tanh}};
    Batch ifg[3] = {gate[0], gate[1], gate[2]};
    activate<3, kGates>(ifg);
    c = xsimd::fma(ifg[1], c, ifg[0] * ifg[2]);
  }
  /// h' = o ∘ tanh(c')
  CAROUSEL_INLINE void last(const Batch (&gate)[4], Batch c, Batch (&h)[1], std::int64_t) const {
    constexpr Functions<2> kOutput{{Function::sigmoid, Function::tanh}};
    Batch out[2] = {gate[3], c};
    activate<2, kOutput>(out);
    h[0] = out[0] * out[1];
  }
};

/// Peepholes, coupled gates, clips, any activation.
struct LstmVariant : Lstm {
  explicit LstmVariant(const PackedLayer& layer) : Lstm(layer), w(layer) {}

  [[nodiscard]] Batch gated(int which, Batch a, int peephole, Batch c, std::int64_t block) const {
    if (w.peephole != nullptr && peephole >= 0) {
      a = xsimd::fma(Batch::load_aligned(w.peephole + (block * 3 + peephole) * kWidth), c, a);
    }
    return evaluate(w.activations[which], clipped(a, w.clip));
  }
  [[gnu::noinline]] void first(Batch (&gate)[4], Batch& c, std::int64_t block) const {
    Batch i = gated(0, gate[0], 0, c, block);
    Batch f = gated(0, gate[1], 1, c, block);
    const Batch g = gated(1, gate[2], -1, c, block);
    if (w.coupling == GateCoupling::forget_from_input) f = Batch(1.0F) - i;
    if (w.coupling == GateCoupling::input_from_forget) i = Batch(1.0F) - f;
    c = clipped(xsimd::fma(f, c, i * g), w.cell_clip);
  }
  void last(const Batch (&gate)[4], Batch c, Batch (&h)[1], std::int64_t block) const {
    h[0] = gated(0, gate[3], 2, c, block) * evaluate(w.activations[2], c);
  }

  const PackedLayer& w;
};

/// With the reset gate after the matrix (PyTorch, cuDNN).
struct Gru {
  static constexpr Lanes kInput{3, {0, 1, 2, 0}};
  static constexpr Lanes kState{3, {0, 1, 3, 0}};
  static constexpr int kVectors = 1;
  static constexpr Memory kMemory = Memory::hidden;
  static constexpr bool kHalves = kWidth >= kLeastHalvedWidth;

  explicit Gru(const PackedLayer&) {}

  /// The pre-activation of n: W_in x + b_in + r ∘ (W_hn h + b_hn)
  CAROUSEL_INLINE void first(Batch (&gate)[4], Batch&, std::int64_t) const {
    constexpr Functions<2> kGates{{Function::sigmoid, Function::sigmoid}};
    Batch rz[2] = {gate[0], gate[1]};
    activate<2, kGates>(rz);
    gate[1] = rz[1];
    gate[2] = xsimd::fma(rz[0], gate[3], gate[2]);
  }
  /// h' = (1 - z) ∘ n + z ∘ h
  CAROUSEL_INLINE void last(const Batch (&gate)[4], Batch old, Batch (&h)[1], std::int64_t) const {
    const Batch n = tanh(gate[2]);
    h[0] = xsimd::fma(gate[1], old - n, n);
  }
};

struct GruVariant : Gru {
  explicit GruVariant(const PackedLayer& layer) : Gru(layer), w(layer) {}

  void first(Batch (&gate)[4], Batch&, std::int64_t) const {
    const Batch r = evaluate(w.activations[0], clipped(gate[0], w.clip));
    gate[1] = evaluate(w.activations[0], clipped(gate[1], w.clip));
    gate[2] = xsimd::fma(r, gate[3], gate[2]);
  }
  void last(const Batch (&gate)[4], Batch old, Batch (&h)[1], std::int64_t) const {
    const Batch n = evaluate(w.activations[1], clipped(gate[2], w.clip));
    h[0] = (Batch(1.0F) - gate[1]) * n + gate[1] * old;
  }

  const PackedLayer& w;
};

struct Rnn {
  static constexpr Lanes kInput = kAllLanes;
  static constexpr Lanes kState = kAllLanes;
  static constexpr int kVectors = 4;
  static constexpr Memory kMemory = Memory::none;
  static constexpr bool kHalves = false;

  explicit Rnn(const PackedLayer&) {}

  CAROUSEL_INLINE void first(Batch (&)[4], Batch&, std::int64_t) const {}
  CAROUSEL_INLINE void last(const Batch (&gate)[4], Batch, Batch (&h)[4], std::int64_t) const {
    for (int v = 0; v < 4; ++v) h[v] = gate[v];
    activate<4, Functions<4>{}>(h);
  }
};

struct RnnVariant : Rnn {
  explicit RnnVariant(const PackedLayer& layer) : Rnn(layer), w(layer) {}

  void last(const Batch (&gate)[4], Batch, Batch (&h)[4], std::int64_t) const {
    for (int v = 0; v < 4; ++v) h[v] = evaluate(w.activations[0], clipped(gate[v], w.clip));
  }

  const PackedLayer& w;
};
