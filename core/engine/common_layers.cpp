// SPDX-License-Identifier: Apache-2.0
#include "core/engine/common_layers.hpp"

#include "core/engine/activations.hpp"

#include <algorithm>
#include <vector>

namespace carousel {
namespace {

class NoWorkspace final : public Workspace {
 public:
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return sizeof(*this); }
};

/// Calls `frame(step, row)` for the real steps of each row, and sets y to zero past them.
template <class Frame>
void for_each_frame(const ForwardArgs& args, Frame&& frame) noexcept {
  for (std::int64_t t = 0; t < args.y.steps; ++t) {
    for (std::int64_t b = 0; b < args.y.batch; ++b) {
      if (args.lengths != nullptr && t >= args.lengths[b]) {
        std::fill_n(args.y.row(t, b), args.y.features, 0.0F);
      } else {
        frame(t, b);
      }
    }
  }
}

/// What the common layers share: no scratch memory.
class CommonLayer : public Layer {
 public:
  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<NoWorkspace>();
  }
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 0; }
};

class EmbeddingLayer final : public CommonLayer {
 public:
  EmbeddingLayer(const EmbeddingSpec& spec, const Weights& weights)
      : dim_(spec.embedding_dim), table_(weights.at("weight").to_float32()) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      std::copy_n(table_.data() + *args.ids.row(t, b) * dim_, dim_, args.y.row(t, b));
    });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return table_.size() * sizeof(float);
  }

 private:
  std::int64_t dim_;
  std::vector<float> table_;  ///< [num_embeddings, embedding_dim]
};

class ActivationLayer final : public CommonLayer {
 public:
  explicit ActivationLayer(const ActivationSpec& spec) : spec_(spec) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      const float* x = args.x().row(t, b);
      float* y = args.y.row(t, b);
      if (x != y) std::copy_n(x, spec_.size, y);
      apply(spec_.function, {y, static_cast<std::size_t>(spec_.size)});
    });
    return {};
  }

 private:
  ActivationSpec spec_;
};

class ConcatenateLayer final : public CommonLayer {
 public:
  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      float* y = args.y.row(t, b);
      for (const SequenceView<const float>& x : args.inputs) {
        y = std::copy_n(x.row(t, b), x.features, y);
      }
    });
    return {};
  }
};

/// Makes the layer of a kind; nothing for those that are not common.
struct Maker {
  const Weights& weights;

  std::unique_ptr<Layer> operator()(const EmbeddingSpec& spec) const {
    return std::make_unique<EmbeddingLayer>(spec, weights);
  }
  std::unique_ptr<Layer> operator()(const ActivationSpec& spec) const {
    return std::make_unique<ActivationLayer>(spec);
  }
  std::unique_ptr<Layer> operator()(const ConcatenateSpec&) const {
    return std::make_unique<ConcatenateLayer>();
  }
  std::unique_ptr<Layer> operator()(const auto&) const { return nullptr; }
};

}  // namespace

bool is_common(const LayerSpec& spec) noexcept {
  return std::holds_alternative<EmbeddingSpec>(spec) ||
         std::holds_alternative<ActivationSpec>(spec) ||
         std::holds_alternative<ConcatenateSpec>(spec);
}

std::unique_ptr<Layer> make_common_layer(const LayerSpec& spec, const Weights& weights) {
  return std::visit(Maker{weights}, spec);
}

}  // namespace carousel
