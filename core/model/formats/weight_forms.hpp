// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "owned_table.hpp"

#include <string_view>

/// \file
/// Weights that a state dict holds in another form than PyTorch's plain modules do.
namespace carousel::loading {

/// The table with the tensors that PyTorch's plain modules would have in place of these:
/// - `weight_g` and `weight_v`, or `parametrizations.weight.original0` and `.original1`: weight
///   normalization, g * v / |v| for each row;
/// - `weight_hh_l0_raw`: what weight dropout drops from. It replaces `weight_hh_l0` beside it, or
/// in
///   the `module.` beside it, which is a copy that was dropped from or is missing.
/// `cells` says whether the names of cells, `cell.weight_ih`, become those of modules of one layer,
/// `cell.weight_ih_l0`. Everything else stays as it is, in its order. The bytes of `table` must
/// outlive the result. Throws Error naming the tensor whose shape or type does not fit.
[[nodiscard]] OwnedTable plain_weights(const safetensors::Table& table, std::string_view source,
                                       bool cells);

}  // namespace carousel::loading
