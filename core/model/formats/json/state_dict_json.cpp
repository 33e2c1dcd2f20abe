// SPDX-License-Identifier: Apache-2.0
#include "array.hpp"
#include "core/model/formats/owned_table.hpp"
#include "core/model/formats/state_dict.hpp"
#include "core/model/formats/text.hpp"
#include "load_json.hpp"

namespace carousel::loading {

Model model_from_json_state_dict(const Json& json, const std::string& source,
                                 const LoadOptions& options) {
  OwnedTable owned;
  for (const auto& [name, value] : json.items()) {
    const JsonArray array =
        read_array(value, {.source = source, .key = {}, .path = "tensor " + quote(name)});
    const auto bytes = std::as_bytes(std::span(array.values));
    owned.add(name, safetensors::DType::f32, array.shape, {bytes.begin(), bytes.end()});
  }
  return model_from_table(owned.table, source, options);
}

}  // namespace carousel::loading
