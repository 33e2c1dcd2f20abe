// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "backends/xsimd/kernels.hpp"

namespace carousel::simd {

/// The kernels of a precision that xsimd has.
[[nodiscard]] inline const MatrixKernels& matrix_kernels(const Kernels& kernels,
                                                         Precision precision) noexcept {
  if (precision == Precision::float16) return *kernels.float16;
  return precision == Precision::bfloat16 ? *kernels.bfloat16 : kernels.float32;
}

/// As `Backend::tilings`.
[[nodiscard]] std::vector<std::string> recurrent_tilings(const Kernels& kernels,
                                                         const RecurrentSpec& spec,
                                                         const LayerOptions& options);

[[nodiscard]] std::unique_ptr<Layer> make_recurrent_layer(const Kernels& kernels,
                                                          const RecurrentSpec& spec,
                                                          const Weights& weights,
                                                          const LayerOptions& options);

[[nodiscard]] std::unique_ptr<Layer> make_dense_layer(const Kernels& kernels, const DenseSpec& spec,
                                                      const Weights& weights,
                                                      const LayerOptions& options);

/// Whether `Kernels::activate` has this function.
[[nodiscard]] bool has_vector_activation(ActivationKind kind) noexcept;

}  // namespace carousel::simd
