// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/spec.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// What each kind of layer says of itself: the functions of spec.hpp for one alternative of
/// LayerSpec. A new kind is a struct in spec.hpp, a file in this folder, and a block here; what
/// most kinds have in common (one input, no state, no weights, no matrices) comes from the
/// templates.
namespace carousel::kinds {

// --- What a kind has unless it says otherwise ---

template <class Spec>
[[nodiscard]] std::size_t input_count(const Spec&) noexcept {
  return 1;
}
template <class Spec>
[[nodiscard]] bool takes_ids(const Spec&) noexcept {
  return false;
}
template <class Spec>
[[nodiscard]] bool needs_whole_sequence(const Spec&) noexcept {
  return false;
}
template <class Spec>
[[nodiscard]] std::vector<WeightRole> weight_roles(const Spec&) {
  return {};
}
template <class Spec>
[[nodiscard]] std::vector<StateSpec> states(const Spec&) {
  return {};
}
template <class Spec>
[[nodiscard]] double flops_per_row(const Spec&) noexcept {
  return 0;
}

// --- Recurrent layers ---

[[nodiscard]] std::string_view kind_name(const RecurrentSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const RecurrentSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const RecurrentSpec& spec) noexcept;
[[nodiscard]] bool needs_whole_sequence(const RecurrentSpec& spec) noexcept;
[[nodiscard]] std::vector<WeightRole> weight_roles(const RecurrentSpec& spec);
[[nodiscard]] std::vector<StateSpec> states(const RecurrentSpec& spec);
[[nodiscard]] double flops_per_row(const RecurrentSpec& spec) noexcept;
void validate(const RecurrentSpec& spec);
[[nodiscard]] std::string describe(const RecurrentSpec& spec);

// --- Dense layers ---

[[nodiscard]] std::string_view kind_name(const DenseSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const DenseSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const DenseSpec& spec) noexcept;
[[nodiscard]] std::vector<WeightRole> weight_roles(const DenseSpec& spec);
[[nodiscard]] double flops_per_row(const DenseSpec& spec) noexcept;
void validate(const DenseSpec& spec);
[[nodiscard]] std::string describe(const DenseSpec& spec);

// --- Embeddings ---

[[nodiscard]] std::string_view kind_name(const EmbeddingSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const EmbeddingSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const EmbeddingSpec& spec) noexcept;
[[nodiscard]] bool takes_ids(const EmbeddingSpec& spec) noexcept;
[[nodiscard]] std::vector<WeightRole> weight_roles(const EmbeddingSpec& spec);
void validate(const EmbeddingSpec& spec);
[[nodiscard]] std::string describe(const EmbeddingSpec& spec);

// --- Activations ---

[[nodiscard]] std::string_view kind_name(const ActivationSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const ActivationSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const ActivationSpec& spec) noexcept;
void validate(const ActivationSpec& spec);
[[nodiscard]] std::string describe(const ActivationSpec& spec);

// --- Concatenations ---

[[nodiscard]] std::string_view kind_name(const ConcatenateSpec& spec) noexcept;
[[nodiscard]] std::size_t input_count(const ConcatenateSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const ConcatenateSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const ConcatenateSpec& spec) noexcept;
void validate(const ConcatenateSpec& spec);
[[nodiscard]] std::string describe(const ConcatenateSpec& spec);

}  // namespace carousel::kinds
