// SPDX-License-Identifier: Apache-2.0
#include "array.hpp"

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

#include <cmath>
#include <limits>

namespace carousel::loading {
namespace {

/// The shape by the first element of each level; `append` checks that all others agree.
std::vector<std::int64_t> first_shape(const Json& json) {
  std::vector<std::int64_t> shape;
  const Json* level = &json;
  while (level->is_array()) {
    shape.push_back(static_cast<std::int64_t>(level->size()));
    if (level->empty()) break;
    level = &level->front();
  }
  return shape;
}

float number(const Json& json, const JsonPlace& place) {
  if (!json.is_number()) refuse(place, "must be an array of numbers");
  const auto value = json.get<double>();
  if (!(std::abs(value) <= std::numeric_limits<float>::max())) {
    refuse(place, "has a number beyond float32");
  }
  return static_cast<float>(value);
}

/// Recursive, but no deeper than `parse_json_file` allows.
void append(const Json& json, std::size_t level, const JsonPlace& place, JsonArray& array) {
  if (level == array.shape.size()) {
    array.values.push_back(number(json, place));
    return;
  }
  if (!json.is_array() || json.size() != static_cast<std::size_t>(array.shape[level])) {
    refuse(place, "must be a rectangular array of numbers; its first elements make " +
                      shape_text(array.shape));
  }
  for (const Json& element : json) append(element, level + 1, place, array);
}

}  // namespace

JsonArray read_array(const Json& json, const JsonPlace& place) {
  JsonArray array{.shape = first_shape(json), .values = {}};
  append(json, 0, place, array);
  return array;
}

JsonArray read_array(const Json& json, const JsonPlace& place,
                     const std::vector<std::int64_t>& shape) {
  JsonArray array = read_array(json, place);
  if (array.shape != shape) {
    refuse(place,
           formatted("has shape {}; expected {}", shape_text(array.shape), shape_text(shape)));
  }
  return array;
}

Tensor to_tensor(const JsonArray& array) { return {array.shape, array.values}; }

Tensor transposed(const JsonArray& matrix, GateOrder gates) {
  const auto inputs = static_cast<std::size_t>(matrix.shape[0]);
  const auto columns = static_cast<std::size_t>(matrix.shape[1]);
  const std::size_t units = columns / gates.size();
  std::vector<float> values;
  values.reserve(matrix.values.size());
  for (const std::size_t gate : gates) {
    for (std::size_t unit = 0; unit < units; ++unit) {
      for (std::size_t input = 0; input < inputs; ++input) {
        values.push_back(matrix.values[input * columns + gate * units + unit]);
      }
    }
  }
  return {{matrix.shape[1], matrix.shape[0]}, values};
}

Tensor reordered(std::span<const float> bias, GateOrder gates) {
  const std::size_t units = bias.size() / gates.size();
  std::vector<float> values;
  values.reserve(bias.size());
  for (const std::size_t gate : gates) {
    const auto part = bias.subspan(gate * units, units);
    values.insert(values.end(), part.begin(), part.end());
  }
  return {{static_cast<std::int64_t>(bias.size())}, values};
}

}  // namespace carousel::loading
