// SPDX-License-Identifier: Apache-2.0
#include "core/model/stored_weights.hpp"
#include "core/model/formatted.hpp"

#include "core/model/half.hpp"
#include "core/model/quote.hpp"

#include <cmath>
#include <cstring>

namespace carousel {
namespace {

std::uint16_t round_to(DType dtype, double value) {
  return dtype == DType::float16 ? half_from(value) : bfloat16_from(value);
}

bool is_infinite(DType dtype, std::uint16_t bits) {
  const float value = dtype == DType::float16 ? float_from_half(bits) : float_from_bfloat16(bits);
  return std::isinf(value);
}

/// Calls `body(index, element)` for each element; every type fits a double.
template <class Body>
void for_each_element(const Tensor& tensor, Body body) {
  const auto count = static_cast<std::size_t>(tensor.count());
  if (tensor.dtype() == DType::float64) {
    for (std::size_t k = 0; k < count; ++k) {
      double value = 0;
      std::memcpy(&value, tensor.bytes().data() + k * sizeof value, sizeof value);
      body(k, value);
    }
    return;
  }
  const Float32View view(&tensor);
  for (std::size_t k = 0; k < count; ++k) body(k, double{view.values()[k]});
}

/// `what` names the weight.
Tensor rounded(const Tensor& tensor, DType dtype, const std::string& what) {
  if (tensor.dtype() == dtype) return tensor;
  std::vector<std::byte> bytes(static_cast<std::size_t>(tensor.count()) * element_size(dtype));
  for_each_element(tensor, [&](std::size_t k, double value) {
    const std::uint16_t bits = round_to(dtype, value);
    if (std::isfinite(value) && is_infinite(dtype, bits)) {
      throw Error(ErrorCode::unsupported,
                  formatted("{}: element {} is {}, which is beyond the largest number of {}", what,
                            k, value, name(dtype)));
    }
    std::memcpy(bytes.data() + k * sizeof bits, &bits, sizeof bits);
  });
  return {dtype, tensor.shape(), std::move(bytes)};
}

}  // namespace

std::optional<DType> stored_type(Precision precision) noexcept {
  if (precision == Precision::float16) return DType::float16;
  if (precision == Precision::bfloat16) return DType::bfloat16;
  return std::nullopt;
}

bool is_matrix(std::string_view role) noexcept { return role.starts_with("weight"); }

Model store_weights(Model model, std::span<const Precision> precisions) {
  const std::vector<std::string> names = layer_names(model);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::optional<DType> dtype = stored_type(precisions[k]);
    if (!dtype || !has_precision(model.layers[k].spec)) continue;
    for (auto& [role, weight] : model.layers[k].weights) {
      if (is_matrix(role)) {
        weight = rounded(weight, *dtype, formatted("layer {}, {}", quote(names[k]), role));
      }
    }
  }
  return model;
}

}  // namespace carousel
