// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace carousel::loading {

/// A model out of what torch.save writes (.pt, .pth), or torch.jit.save: the tensors of its state
/// dict, read as those of a safetensors file are. Nothing of the archive is executed.
[[nodiscard]] Model model_from_torch_archive(std::span<const std::byte> bytes,
                                             const std::string& source, const LoadOptions& options);

}  // namespace carousel::loading
