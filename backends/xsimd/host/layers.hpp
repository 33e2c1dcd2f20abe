// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include "backends/xsimd/kernels.hpp"

namespace carousel::simd {

/// The kernels of a precision that xsimd has.
[[nodiscard]] inline const MatrixKernels& matrix_kernels(const Kernels& kernels,
                                                         Precision precision) noexcept {
  switch (precision) {
    case Precision::float16: return *kernels.float16;
    case Precision::bfloat16: return *kernels.bfloat16;
    case Precision::int8: return *kernels.int8;
    case Precision::float32: break;
  }
  return kernels.float32;
}

/// As `Backend::tilings`.
[[nodiscard]] std::vector<std::string> recurrent_tilings(const Kernels& kernels,
                                                         const RecurrentSpec& spec,
                                                         const LayerOptions& options);

/// `dot` multiplies where the precision is int8.
[[nodiscard]] std::unique_ptr<Layer> make_recurrent_layer(const Kernels& kernels,
                                                          const Int8Dot& dot,
                                                          const RecurrentSpec& spec,
                                                          const Weights& weights,
                                                          const LayerOptions& options);

[[nodiscard]] std::unique_ptr<Layer> make_dense_layer(const Kernels& kernels, const Int8Dot& dot,
                                                      const DenseSpec& spec, const Weights& weights,
                                                      const LayerOptions& options);

/// Whether `Kernels::activate` has this function.
[[nodiscard]] bool has_vector_activation(ActivationKind kind) noexcept;

}  // namespace carousel::simd
