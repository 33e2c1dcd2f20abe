// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"
#include "external_data.hpp"
#include "parse.hpp"

#include <filesystem>
#include <optional>

namespace carousel::loading::onnx {

/// The element type with that number in TensorProto.DataType. Throws Refusal for those that no
/// network here uses (strings, complex numbers, 4-bit integers, ...).
[[nodiscard]] ElementType element_type(std::int64_t data_type);

/// The values of a tensor message, from wherever it keeps them. Throws Refusal when they do not fit
/// its shape; the text does not name the tensor.
[[nodiscard]] Array read_tensor(const schema::TensorProto& tensor,
                                const std::optional<std::filesystem::path>& folder, Budget& budget);

}  // namespace carousel::loading::onnx
