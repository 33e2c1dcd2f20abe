// SPDX-License-Identifier: Apache-2.0
#include "core/plugins/c_weights.hpp"

#include <carousel/error.hpp>

#include "core/model/element_count.hpp"
#include "core/model/quote.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>

namespace carousel::c_types {
namespace {

static_assert(static_cast<int>(DType::float32) == CAROUSEL_DTYPE_F32);
static_assert(static_cast<int>(DType::bfloat16) == CAROUSEL_DTYPE_BF16);

constexpr std::int32_t kMostDimensions = 8;

[[noreturn]] void refuse_tensor(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, text);
}

void require(bool good, const std::string& text) {
  if (!good) refuse_tensor(text);
}

std::size_t byte_count(const std::string& name, DType dtype, std::span<const std::int64_t> shape) {
  const auto width = static_cast<std::int64_t>(element_size(dtype));
  const auto bytes = checked_multiply(element_count(shape).value_or(-1), width);
  if (!bytes) refuse_tensor(name + ": shape " + shape_text(shape) + " is not possible");
  return static_cast<std::size_t>(*bytes);
}

/// The layer that weights are for, and what a text calls it.
struct Owner {
  const std::string& text;
  std::vector<WeightRole> roles;
};

/// Before its numbers are read: memory has no more of them than the layer takes.
void require_role(const carousel_tensor& from, std::span<const std::int64_t> shape,
                  const Owner& owner) {
  const auto role = std::ranges::find(owner.roles, std::string_view(from.role), &WeightRole::name);
  require(role != owner.roles.end(), owner.text + " has no weight of the role " + quote(from.role));
  require(std::ranges::equal(shape, role->shape),
          owner.text + ": " + role->name + " must have shape " + shape_text(role->shape) +
              ", found " + shape_text(shape));
}

Tensor tensor_from_c(const carousel_tensor& from, const Owner& owner) {
  const std::string name = "tensor " + quote(from.role);
  require(from.dtype >= 0 && from.dtype <= CAROUSEL_DTYPE_BF16,
          name + ": dtype is " + std::to_string(from.dtype) + ", but must be in 0.." +
              std::to_string(CAROUSEL_DTYPE_BF16));
  require(from.rank >= 0 && from.rank <= kMostDimensions,
          name + ": rank is " + std::to_string(from.rank) + ", but must be in 0.." +
              std::to_string(kMostDimensions));
  require(from.shape != nullptr || from.rank == 0, name + ": shape is null");
  std::vector<std::int64_t> shape(from.shape, from.shape + from.rank);
  const auto dtype = static_cast<DType>(from.dtype);
  const std::size_t bytes = byte_count(name, dtype, shape);
  require_role(from, shape, owner);
  require(from.data != nullptr || bytes == 0, name + ": data is null");
  std::vector<std::byte> data(bytes);
  if (!data.empty()) std::memcpy(data.data(), from.data, data.size());
  return {dtype, std::move(shape), std::move(data)};
}

}  // namespace

Weights from_c(const carousel_weights& weights, const LayerSpec& spec, const std::string& layer) {
  require(weights.count <= CAROUSEL_MOST_COUNT,
          "weights: count is " + std::to_string(weights.count) + ", but must be at most " +
              std::to_string(CAROUSEL_MOST_COUNT));
  require(weights.tensors != nullptr || weights.count == 0, "weights: tensors is null");
  const Owner owner{layer, weight_roles(spec)};
  Weights result;
  for (std::size_t k = 0; k < weights.count; ++k) {
    const carousel_tensor& tensor = weights.tensors[k];
    require(tensor.role != nullptr,
            "weights: the role of tensor " + std::to_string(k) + " is null");
    const bool is_new = result.emplace(tensor.role, tensor_from_c(tensor, owner)).second;
    require(is_new, "weights: two tensors have the role " + quote(tensor.role));
  }
  return result;
}

FloatWeights::FloatWeights(const LayerSpec& spec, const Weights& weights)
    : roles_(weight_roles(spec)) {
  std::erase_if(roles_, [](const WeightRole& role) { return !role.required; });
  for (const WeightRole& role : roles_) {
    tensors_.push_back({.role = role.name.c_str(),
                        .dtype = CAROUSEL_DTYPE_F32,
                        .rank = static_cast<std::int32_t>(role.shape.size()),
                        .shape = role.shape.data(),
                        .data = floats(find_weight(weights, role.name))});
  }
  c_ = {.struct_size = sizeof c_, .count = tensors_.size(), .tensors = tensors_.data()};
}

FloatWeights::~FloatWeights() {
  for (std::vector<float>& copy : copies_) {
    // Through volatile: a compiler may leave out what is written to memory that is freed then.
    for (volatile float& value : copy) value = std::numeric_limits<float>::quiet_NaN();
  }
}

const float* FloatWeights::floats(const Tensor* tensor) {
  if (tensor == nullptr) return nullptr;
  if (tensor->dtype() == DType::float32) return tensor->floats().data();
  std::vector<float>& copy = copies_.emplace_back(tensor->to_float32());
  copy.insert(copy.begin(), 0.0F);
  return copy.data() + 1;
}

}  // namespace carousel::c_types
