// SPDX-License-Identifier: Apache-2.0
#include "backends/xsimd/host/layers.hpp"

namespace carousel::simd {

bool has_vector_activation(ActivationKind kind) noexcept {
  using Kind = ActivationKind;
  switch (kind) {
    case Kind::sigmoid:
    case Kind::tanh:
    case Kind::relu:
    case Kind::affine:
    case Kind::leaky_relu:
    case Kind::thresholded_relu:
    case Kind::scaled_tanh:
    case Kind::hard_sigmoid:
    case Kind::elu:
    case Kind::softsign:
    case Kind::softplus:
    case Kind::exp:
    case Kind::gelu_tanh:
    case Kind::silu:
    case Kind::selu:
    case Kind::mish: return true;
    default: return false;
  }
}

}  // namespace carousel::simd
