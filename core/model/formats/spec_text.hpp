// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json_reader.hpp"

#include <carousel/spec.hpp>

/// \file
/// The spec of a layer as fields of a JSON object: its kind, its sizes, and what differs from a
/// usual layer of that kind. Floats are written with as many digits as it takes to read the same
/// float. A new kind is a pair of functions in spec_text.cpp.
namespace carousel::loading {

/// {"kind":"recurrent","cell":"lstm","input_size":3,"hidden_size":2,"clip":3.0}
[[nodiscard]] Json spec_to_json(const LayerSpec& spec);

/// Throws Error naming the field that is wrong or missing, and for specs that are not valid. Fields
/// that belong to no spec are left to the caller.
[[nodiscard]] LayerSpec spec_from_json(JsonReader& reader);

}  // namespace carousel::loading
