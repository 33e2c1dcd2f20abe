// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

namespace carousel::kinds {

std::string_view kind_name(const EmbeddingSpec&) noexcept { return "embedding"; }

std::int64_t input_size(const EmbeddingSpec&, std::size_t) noexcept { return 1; }

std::int64_t output_size(const EmbeddingSpec& spec) noexcept { return spec.embedding_dim; }

bool takes_ids(const EmbeddingSpec&) noexcept { return true; }

std::vector<WeightRole> weight_roles(const EmbeddingSpec& spec) {
  return {{"weight", {spec.num_embeddings, spec.embedding_dim}}};
}

void validate(const EmbeddingSpec& spec) {
  constexpr std::int64_t kMaxIds = std::int64_t{1} << 31U;  // ids are int32
  if (spec.num_embeddings < 1 || spec.num_embeddings > kMaxIds) {
    refuse(formatted("num_embeddings is {}, but must be in 1..{}", spec.num_embeddings, kMaxIds));
  }
  check_size("embedding_dim", spec.embedding_dim, 1);
}

std::string describe(const EmbeddingSpec& spec) {
  return formatted("Embedding {} x {}", spec.num_embeddings, spec.embedding_dim);
}

}  // namespace carousel::kinds
