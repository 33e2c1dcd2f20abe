// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

/// What the fuzzers call with arbitrary bytes; the mutation test calls them too. They return
/// whether the bytes were accepted, let nothing but carousel::Error pass unnoticed, and abort when
/// a promise about accepted bytes is broken.
namespace carousel::testing {

bool fuzz_safetensors(std::span<const std::byte> bytes);
bool fuzz_npy(std::span<const std::byte> bytes);
bool fuzz_json(std::span<const std::byte> bytes);
bool fuzz_torch(std::span<const std::byte> bytes);
/// The pickle of a PyTorch archive, with storages of zeros: no checksum keeps the bytes from it.
bool fuzz_pickle(std::span<const std::byte> bytes);
bool fuzz_onnx(std::span<const std::byte> bytes);
/// The entries of a file of wisdom, whose checksum is made right.
bool fuzz_wisdom(std::span<const std::byte> bytes);
/// A model of any format that is loaded, prepared on a backend of each kind and run for some steps.
bool fuzz_run(std::span<const std::byte> bytes);

}  // namespace carousel::testing
