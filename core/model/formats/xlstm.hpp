// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tensor_reader.hpp"

#include <carousel/model.hpp>

#include <optional>

namespace carousel::loading {

/// The sLSTM layer of a state dict of NX-AI's xlstm package, with its weights: the one whose cell
/// has `<prefix>_recurrent_kernel_` and `<prefix>_bias_`. Nothing where there is no such cell, or a
/// PyTorch module to take instead. Throws Error when several cells compete, or the shapes break a
/// rule; what is wrong with single tensors is added to the reader's problems.
[[nodiscard]] std::optional<ModelLayer> find_xlstm_layer(TensorReader& reader,
                                                         const LoadOptions& options);

}  // namespace carousel::loading
