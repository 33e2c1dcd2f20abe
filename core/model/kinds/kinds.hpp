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
/// most kinds have in common (one input, as many steps as it has, no state, no weights, no
/// matrices) comes from the templates.
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
[[nodiscard]] bool changes_steps(const Spec&) noexcept {
  return false;
}
template <class Spec>
[[nodiscard]] std::int64_t output_steps(const Spec&, std::int64_t steps) noexcept {
  return steps;
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

// --- Elementwise operations ---

[[nodiscard]] std::string_view kind_name(const ElementwiseSpec& spec) noexcept;
[[nodiscard]] std::size_t input_count(const ElementwiseSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const ElementwiseSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const ElementwiseSpec& spec) noexcept;
[[nodiscard]] std::vector<WeightRole> weight_roles(const ElementwiseSpec& spec);
void validate(const ElementwiseSpec& spec);
[[nodiscard]] std::string describe(const ElementwiseSpec& spec);

// --- Convolutions ---

[[nodiscard]] std::string_view kind_name(const ConvolutionSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const ConvolutionSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const ConvolutionSpec& spec) noexcept;
[[nodiscard]] bool needs_whole_sequence(const ConvolutionSpec& spec) noexcept;
[[nodiscard]] bool changes_steps(const ConvolutionSpec& spec) noexcept;
[[nodiscard]] std::int64_t output_steps(const ConvolutionSpec& spec, std::int64_t steps) noexcept;
[[nodiscard]] std::vector<WeightRole> weight_roles(const ConvolutionSpec& spec);
[[nodiscard]] std::vector<StateSpec> states(const ConvolutionSpec& spec);
[[nodiscard]] double flops_per_row(const ConvolutionSpec& spec) noexcept;
void validate(const ConvolutionSpec& spec);
[[nodiscard]] std::string describe(const ConvolutionSpec& spec);

// --- Normalizations ---

[[nodiscard]] std::string_view kind_name(const NormalizationSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const NormalizationSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const NormalizationSpec& spec) noexcept;
[[nodiscard]] std::vector<WeightRole> weight_roles(const NormalizationSpec& spec);
void validate(const NormalizationSpec& spec);
[[nodiscard]] std::string describe(const NormalizationSpec& spec);

// --- Rearrangements ---

[[nodiscard]] std::string_view kind_name(const RearrangeSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const RearrangeSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const RearrangeSpec& spec) noexcept;
void validate(const RearrangeSpec& spec);
[[nodiscard]] std::string describe(const RearrangeSpec& spec);

// --- Reductions ---

[[nodiscard]] std::string_view kind_name(const ReduceFeaturesSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const ReduceFeaturesSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const ReduceFeaturesSpec& spec) noexcept;
void validate(const ReduceFeaturesSpec& spec);
[[nodiscard]] std::string describe(const ReduceFeaturesSpec& spec);

// --- Reductions over time ---

[[nodiscard]] std::string_view kind_name(const ReduceStepsSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const ReduceStepsSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const ReduceStepsSpec& spec) noexcept;
[[nodiscard]] bool needs_whole_sequence(const ReduceStepsSpec& spec) noexcept;
[[nodiscard]] bool changes_steps(const ReduceStepsSpec& spec) noexcept;
[[nodiscard]] std::int64_t output_steps(const ReduceStepsSpec& spec, std::int64_t steps) noexcept;
void validate(const ReduceStepsSpec& spec);
[[nodiscard]] std::string describe(const ReduceStepsSpec& spec);

// --- Steps that are selected ---

[[nodiscard]] std::string_view kind_name(const SelectStepsSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const SelectStepsSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const SelectStepsSpec& spec) noexcept;
[[nodiscard]] bool needs_whole_sequence(const SelectStepsSpec& spec) noexcept;
[[nodiscard]] bool changes_steps(const SelectStepsSpec& spec) noexcept;
[[nodiscard]] std::int64_t output_steps(const SelectStepsSpec& spec, std::int64_t steps) noexcept;
void validate(const SelectStepsSpec& spec);
[[nodiscard]] std::string describe(const SelectStepsSpec& spec);

// --- Steps that are repeated ---

[[nodiscard]] std::string_view kind_name(const RepeatStepsSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const RepeatStepsSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const RepeatStepsSpec& spec) noexcept;
[[nodiscard]] bool needs_whole_sequence(const RepeatStepsSpec& spec) noexcept;
[[nodiscard]] bool changes_steps(const RepeatStepsSpec& spec) noexcept;
[[nodiscard]] std::int64_t output_steps(const RepeatStepsSpec& spec, std::int64_t steps) noexcept;
void validate(const RepeatStepsSpec& spec);
[[nodiscard]] std::string describe(const RepeatStepsSpec& spec);

// --- Ids as features ---

[[nodiscard]] std::string_view kind_name(const CastIdsSpec& spec) noexcept;
[[nodiscard]] std::int64_t input_size(const CastIdsSpec& spec, std::size_t index) noexcept;
[[nodiscard]] std::int64_t output_size(const CastIdsSpec& spec) noexcept;
[[nodiscard]] bool takes_ids(const CastIdsSpec& spec) noexcept;
void validate(const CastIdsSpec& spec);
[[nodiscard]] std::string describe(const CastIdsSpec& spec);

}  // namespace carousel::kinds
