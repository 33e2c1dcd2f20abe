// SPDX-License-Identifier: Apache-2.0
#include "weight_forms.hpp"

#include "module_names.hpp"
#include "tensor_names.hpp"
#include "tensor_reader.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace carousel::loading {

using safetensors::StoredTensor;
using safetensors::Table;

namespace {

constexpr std::string_view kRaw = "_raw";
constexpr std::string_view kModule = "module.";
constexpr std::string_view kWeight = "weight";
constexpr std::string_view kParametrizations = "parametrizations.";

/// A name as what stands before its last component, and that: "lstm." and "weight_hh_l0".
struct SplitName {
  std::string before;
  std::string last;
};

SplitName split(std::string_view name) {
  const std::size_t start = name.rfind('.') + 1;  // npos + 1 is 0
  return {std::string(name.substr(0, start)), std::string(name.substr(start))};
}

/// The two tensors of a normalized weight.
struct NormalizedWeight {
  std::string name;       ///< Of the weight.
  std::string magnitude;  ///< Of the tensor with the length of each row.
};

/// What the tensor of that name gives the directions of; nothing for other tensors.
std::optional<NormalizedWeight> weight_of_direction(const std::string& name) {
  if (name.ends_with("_v")) {
    const std::string weight = name.substr(0, name.size() - 2);
    if (!split(weight).last.starts_with(kWeight)) return std::nullopt;
    return NormalizedWeight{weight, weight + "_g"};
  }
  constexpr std::string_view ending = ".original1";
  if (!name.ends_with(ending)) return std::nullopt;
  const std::string path = name.substr(0, name.size() - ending.size());
  auto [before, role] = split(path);
  if (!before.ends_with(kParametrizations)) return std::nullopt;
  before.resize(before.size() - kParametrizations.size());
  if (!before.empty() && !before.ends_with('.')) return std::nullopt;
  return NormalizedWeight{before + role, path + ".original0"};
}

/// A table in which one form after the other becomes the plain one.
class Forms {
 public:
  Forms(const Table& table, std::string_view source) : source_(source) {
    result_.table = table;
    find_places();
  }

  void normalize() {
    std::set<std::string> used;
    for (StoredTensor& tensor : tensors()) {
      const std::optional<NormalizedWeight> weight = weight_of_direction(tensor.name);
      if (!weight || places_.contains(weight->name)) continue;
      const StoredTensor* magnitude = find(weight->magnitude);
      if (magnitude == nullptr) continue;
      replace(tensor, normalized(*magnitude, tensor));
      rename(tensor, weight->name);
      used.insert(weight->magnitude);
    }
    remove(used);
  }

  void take_raw() {
    std::map<std::string, std::string> targets;
    std::set<std::string> copies;
    for (const StoredTensor& tensor : tensors()) {
      const std::optional<std::string> target = target_of_raw(tensor.name);
      if (!target) continue;
      if (const StoredTensor* copy = find(*target)) check_copy(tensor, *copy);
      targets.emplace(tensor.name, *target);
      copies.insert(*target);
    }
    remove(copies);
    for (StoredTensor& tensor : tensors()) {
      const auto target = targets.find(tensor.name);
      if (target != targets.end()) rename(tensor, target->second);
    }
  }

  void name_cells() {
    for (StoredTensor& tensor : tensors()) {
      const auto role = std::ranges::find_if(
          kStackedRoles, [&](std::string_view each) { return tensor.name.ends_with(each); });
      if (role == kStackedRoles.end()) continue;
      const std::string prefix = tensor.name.substr(0, tensor.name.size() - role->size());
      const std::string name = tensor_name(stacked_name(prefix, 0), *role);
      if (is_prefix(prefix) && !places_.contains(name)) rename(tensor, name);
    }
  }

  OwnedTable take() { return std::move(result_); }

 private:
  [[nodiscard]] std::vector<StoredTensor>& tensors() { return result_.table.tensors; }

  void find_places() {
    places_.clear();
    for (std::size_t k = 0; k < tensors().size(); ++k) places_.emplace(tensors()[k].name, k);
  }

  [[nodiscard]] const StoredTensor* find(const std::string& name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? nullptr : &result_.table.tensors[found->second];
  }

  void rename(StoredTensor& tensor, const std::string& name) {
    auto place = places_.extract(tensor.name);
    if (place.empty()) return;  // A second tensor of that name, which nothing will take.
    if (tensor.file_name.empty()) tensor.file_name = tensor.name;
    place.key() = name;
    places_.insert(std::move(place));
    tensor.name = name;
  }

  void remove(const std::set<std::string>& names) {
    if (names.empty()) return;
    std::erase_if(tensors(),
                  [&](const StoredTensor& tensor) { return names.contains(tensor.name); });
    find_places();
  }

  void replace(StoredTensor& tensor, const std::vector<float>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    result_.buffers.emplace_back(bytes.begin(), bytes.end());
    tensor.dtype = safetensors::DType::f32;
    tensor.data = result_.buffers.back();
  }

  /// Where PyTorch's module has the weight whose raw form that is; nothing for other tensors.
  [[nodiscard]] std::optional<std::string> target_of_raw(std::string_view name) const {
    if (!name.ends_with(kRaw)) return std::nullopt;
    name.remove_suffix(kRaw.size());
    const auto [before, last] = split(name);
    if (!last.starts_with("weight_hh") && !last.starts_with("weight_ih")) return std::nullopt;
    const std::string inner = before + std::string(kModule);
    const auto wrapped = places_.lower_bound(inner + "weight_");
    const bool wraps = wrapped != places_.end() && wrapped->first.starts_with(inner + "weight_");
    return (wraps ? inner : before) + last;
  }

  void check_copy(const StoredTensor& raw, const StoredTensor& copy) const {
    if (raw.shape == copy.shape) return;
    fail(source_, formatted("tensor {} has shape {}; expected that of {}, {}", quote(raw.name),
                            shape_text(raw.shape), quote(copy.name), shape_text(copy.shape)));
  }

  [[nodiscard]] std::vector<float> floats(const StoredTensor& tensor) const {
    const std::optional<DType> dtype = weight_type(tensor.dtype);
    if (!dtype) fail(source_, wrong_type_text(tensor), ErrorCode::unsupported);
    if (const auto fault = value_fault(tensor)) fail(source_, *fault, ErrorCode::unsupported);
    return Tensor(*dtype, tensor.shape, {tensor.data.begin(), tensor.data.end()}).to_float32();
  }

  /// g * v / |v| for each row, as PyTorch's weight_norm with dim = 0 has it.
  [[nodiscard]] std::vector<float> normalized(const StoredTensor& magnitude,
                                              const StoredTensor& direction) const {
    const std::vector<std::int64_t>& shape = direction.shape;
    std::vector<std::int64_t> expected(shape.size(), 1);
    if (!shape.empty()) expected[0] = shape[0];
    if (shape.size() < 2 || magnitude.shape != expected) {
      fail(source_,
           formatted("tensor {} has shape {}; weight normalization of {}, {}, is supported for "
                     "each row (dim = 0), which needs {}",
                     quote(magnitude.name), shape_text(magnitude.shape), quote(direction.name),
                     shape_text(shape), shape_text(expected)),
           ErrorCode::unsupported);
    }
    std::vector<float> values = floats(direction);
    const std::vector<float> lengths = floats(magnitude);
    const std::size_t columns = lengths.empty() ? 0 : values.size() / lengths.size();
    for (std::size_t row = 0; row < lengths.size(); ++row) {
      const std::span<float> of_row = std::span(values).subspan(row * columns, columns);
      double sum = 0;
      for (const float value : of_row) sum += static_cast<double>(value) * value;
      const double factor = lengths[row] / std::sqrt(sum);
      for (float& value : of_row) value = static_cast<float>(value * factor);
    }
    return values;
  }

  std::string_view source_;
  OwnedTable result_;
  std::map<std::string, std::size_t> places_;  ///< Of the tensors, by name.
};

}  // namespace

OwnedTable plain_weights(const Table& table, std::string_view source, bool cells) {
  Forms forms(table, source);
  forms.normalize();
  forms.take_raw();
  if (cells) forms.name_cells();
  return forms.take();
}

}  // namespace carousel::loading
