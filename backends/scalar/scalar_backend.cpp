// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/scalar_backend.hpp"

#include "backends/plain_cells.hpp"

#include <carousel/model.hpp>

#include <algorithm>
#include <cmath>

namespace carousel {
namespace {

float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

/// sum + w · v, accumulated in the order of the elements.
float dot(float sum, const float* w, const float* v, std::int64_t count) {
  for (std::int64_t k = 0; k < count; ++k) sum += w[k] * v[k];
  return sum;
}

/// Weights of one direction; `bias` is bias_ih + bias_hh, or zeros.
struct DirectionData {
  std::vector<float> weight_ih, weight_hh, bias, weight_hr;
};

DirectionData copy_weights(const LayerSpec& spec, const WeightsView& w) {
  DirectionData data;
  data.weight_ih.assign(w.weight_ih.begin(), w.weight_ih.end());
  data.weight_hh.assign(w.weight_hh.begin(), w.weight_hh.end());
  data.weight_hr.assign(w.weight_hr.begin(), w.weight_hr.end());
  data.bias.assign(static_cast<std::size_t>(spec.gates() * spec.hidden_size), 0.0F);
  for (std::size_t j = 0; j < w.bias_ih.size(); ++j) data.bias[j] += w.bias_ih[j];
  for (std::size_t j = 0; j < w.bias_hh.size(); ++j) data.bias[j] += w.bias_hh[j];
  return data;
}

class ScalarWorkspace final : public Workspace {
 public:
  explicit ScalarWorkspace(const LayerSpec& spec)
      : gates(static_cast<std::size_t>(spec.gates() * spec.hidden_size)),
        hidden(static_cast<std::size_t>(spec.hidden_size)) {}

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return sizeof(*this) + (gates.size() + hidden.size()) * sizeof(float);
  }

  std::vector<float> gates;   // [4*H]: pre-activations of i, f, g, o
  std::vector<float> hidden;  // [H]: h before the projection
};

class ScalarLayer final : public Layer {
 public:
  ScalarLayer(const LayerSpec& spec, const LayerWeights& weights) : spec_(spec) {
    for (std::int64_t d = 0; d < spec.directions(); ++d) {
      data_[static_cast<std::size_t>(d)] = copy_weights(spec, weights[static_cast<std::size_t>(d)]);
    }
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<ScalarWorkspace>(spec_);
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    auto& scratch = static_cast<ScalarWorkspace&>(workspace);
    for (std::int64_t b = 0; b < args.x.batch; ++b) {
      for (std::int64_t d = 0; d < spec_.directions(); ++d) run_row(args, b, d, scratch);
    }
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    std::size_t floats = 0;
    for (const DirectionData& d : data_) {
      floats += d.weight_ih.size() + d.weight_hh.size() + d.bias.size() + d.weight_hr.size();
    }
    return floats * sizeof(float);
  }

 private:
  /// One batch row in one direction, from the first to the last of its real steps.
  void run_row(const ForwardArgs& args, std::int64_t b, std::int64_t d,
               ScalarWorkspace& scratch) const {
    const std::int64_t size = spec_.state_size();
    const std::int64_t steps = args.lengths == nullptr ? args.x.steps : args.lengths[b];
    const bool backwards = spec_.direction == Direction::reverse || d == 1;
    const DirectionData& w = data_[static_cast<std::size_t>(d)];
    float* h = args.h[static_cast<std::size_t>(d)];
    float* c = args.c[static_cast<std::size_t>(d)];
    for (std::int64_t s = 0; s < steps; ++s) {
      const std::int64_t t = backwards ? steps - 1 - s : s;
      float* y = args.y.row(t, b) + d * size;
      if (spec_.cell == Cell::linear) {
        linear(w, args.x.row(t, b), y);
      } else {
        lstm_step(w, args.x.row(t, b), h + b * size, c + b * spec_.hidden_size, scratch);
        std::copy_n(h + b * size, size, y);
      }
    }
    for (std::int64_t t = steps; t < args.y.steps; ++t) {
      std::fill_n(args.y.row(t, b) + d * size, size, 0.0F);
    }
  }

  /// y = W x + b
  void linear(const DirectionData& w, const float* x, float* y) const {
    const std::int64_t I = spec_.input_size;
    for (std::int64_t j = 0; j < spec_.hidden_size; ++j) {
      y[j] = dot(w.bias[static_cast<std::size_t>(j)], w.weight_ih.data() + j * I, x, I);
    }
  }

  /// Hochreiter & Schmidhuber 1997 with forget gates (Gers et al. 2000) and projection (Sak et al.
  /// 2014), in PyTorch's notation:
  ///   i, f, o = σ(W_i* x + b_i* + W_h* h + b_h*),  g = tanh(W_ig x + b_ig + W_hg h + b_hg)
  ///   c' = f ∘ c + i ∘ g,  h' = o ∘ tanh(c')  [h' = W_hr h']
  void lstm_step(const DirectionData& w, const float* x, float* h, float* c,
                 ScalarWorkspace& scratch) const {
    const std::int64_t H = spec_.hidden_size;
    const std::int64_t I = spec_.input_size;
    const std::int64_t S = spec_.state_size();
    float* gates = scratch.gates.data();
    for (std::int64_t j = 0; j < 4 * H; ++j) {
      const float input =
          dot(w.bias[static_cast<std::size_t>(j)], w.weight_ih.data() + j * I, x, I);
      gates[j] = dot(input, w.weight_hh.data() + j * S, h, S);
    }
    float* hidden = scratch.hidden.data();
    for (std::int64_t j = 0; j < H; ++j) {
      const float i = sigmoid(gates[j]);
      const float f = sigmoid(gates[H + j]);
      const float g = std::tanh(gates[2 * H + j]);
      const float o = sigmoid(gates[3 * H + j]);
      c[j] = f * c[j] + i * g;
      hidden[j] = o * std::tanh(c[j]);
    }
    if (spec_.proj_size == 0) {
      std::copy_n(hidden, H, h);
      return;
    }
    for (std::int64_t p = 0; p < S; ++p) h[p] = dot(0.0F, w.weight_hr.data() + p * H, hidden, H);
  }

  LayerSpec spec_;
  std::array<DirectionData, 2> data_;
};

class ScalarBackend final : public Backend {
 public:
  [[nodiscard]] std::string_view family() const noexcept override { return "scalar"; }
  [[nodiscard]] std::string description() const override { return "plain C++ reference"; }
  [[nodiscard]] Support available(const CpuFeatures&) const override { return Support::yes(); }
  [[nodiscard]] Support supports(const LayerSpec& spec) const override {
    return supports_plain_cells(spec);
  }
  [[nodiscard]] std::unique_ptr<Layer> prepare(const LayerSpec& spec, const LayerWeights& weights,
                                               const LayerOptions&) const override {
    return std::make_unique<ScalarLayer>(spec, weights);
  }
};

}  // namespace

const Backend& scalar_backend() {
  static const ScalarBackend backend;
  return backend;
}

}  // namespace carousel
