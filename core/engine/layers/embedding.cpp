// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/layers.hpp"

#include <algorithm>
#include <vector>

namespace carousel::layers {
namespace {

class EmbeddingLayer final : public CommonLayer {
 public:
  EmbeddingLayer(const EmbeddingSpec& spec, const Weights& weights)
      : spec_(spec), table_(weights.at("weight").to_float32()) {}

  /// Past a row's end there may be anything instead of ids: what is none gives zeros.
  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    const std::int64_t dim = spec_.embedding_dim;
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      const std::int64_t id = *args.ids.row(t, b);
      float* y = args.y.row(t, b);
      if (id >= 0 && id < spec_.num_embeddings) {
        std::copy_n(table_.data() + id * dim, dim, y);
      } else {
        std::fill_n(y, dim, 0.0F);
      }
    });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return table_.size() * sizeof(float);
  }

 private:
  EmbeddingSpec spec_;
  std::vector<float> table_;  ///< [num_embeddings, embedding_dim]
};

}  // namespace

std::unique_ptr<Layer> make(const EmbeddingSpec& spec, const Weights& weights) {
  return std::make_unique<EmbeddingLayer>(spec, weights);
}

}  // namespace carousel::layers
