// SPDX-License-Identifier: Apache-2.0
// https://github.com/NX-AI/xlstm: the same weights of an sLSTM cell are stored in three forms,
// which the shape of the recurrent kernel tells apart:
//   vanilla        kernel [heads, 4 * D, D]: gate and output unit, input unit; bias gate by gate
//   CUDA, TiRex    kernel [heads, D, 4 * D]: input unit, gate and output unit; bias head by head
//   newer files    kernel [heads, D, 4, D], bias [heads, 4, D]: in the same order as CUDA's
// where D is the number of units of a head and gates are in the order i, f, z, o.
#include "xlstm.hpp"

#include "tensor_names.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace carousel::loading {

using safetensors::StoredTensor;

namespace {

constexpr std::string_view kKernel = "_recurrent_kernel_";
constexpr std::string_view kBias = "_bias_";
constexpr std::string_view kTorchTensor = "weight_ih_l0";
constexpr std::int64_t kGates = 4;
/// The linear maps of the layer around the cell, in the order of gates.
constexpr std::array<std::string_view, 4> kMaps{"igate.weight", "fgate.weight", "zgate.weight",
                                                "ogate.weight"};
/// Elements of weight_ih. A file of block-diagonal maps, or of none, can be far smaller.
constexpr std::int64_t kMostInputWeights = std::int64_t{1} << 26;

/// Sizes and layout of a cell.
struct CellForm {
  std::string prefix;  ///< Of its tensors: "slstm_cell."
  std::int64_t heads;
  std::int64_t units;  ///< Of one head.
  bool head_major;     ///< Whether the bias goes head by head, and the kernel by input units.
  std::vector<std::int64_t> bias_shape;

  [[nodiscard]] std::int64_t hidden() const { return heads * units; }
  [[nodiscard]] std::int64_t rows() const { return kGates * hidden(); }
};

// --- Which cell ---

bool is_torch(const TensorReader& reader) {
  return std::ranges::any_of(reader.tensors(), [](const StoredTensor& tensor) {
    return std::string_view(tensor.name).ends_with(kTorchTensor);
  });
}

std::vector<std::string> prefixes(const TensorReader& reader) {
  std::vector<std::string> found;
  for (const StoredTensor& tensor : reader.tensors()) {
    if (!std::string_view(tensor.name).ends_with(kKernel)) continue;
    found.push_back(tensor.name.substr(0, tensor.name.size() - kKernel.size()));
  }
  return found;
}

/// Nothing where there is no cell of the given prefix.
std::optional<std::string> given_prefix(const TensorReader& reader, const std::string& given) {
  for (const std::string& prefix : {given, given + '.'}) {
    if (reader.find(prefix + std::string(kKernel)) != nullptr) return prefix;
  }
  return std::nullopt;
}

std::optional<std::string> find_cell(const TensorReader& reader, const LoadOptions& options) {
  if (options.prefix) return given_prefix(reader, *options.prefix);
  const std::vector<std::string> found = prefixes(reader);
  if (found.empty() || is_torch(reader)) return std::nullopt;
  if (found.size() == 1) return found.front();
  fail(reader.source(),
       formatted("{} sLSTM cells, with the prefixes {}, {}{}; choose one with the option prefix "
                 "(--prefix)",
                 found.size(), quote(found[0]), quote(found[1]), found.size() > 2 ? ", ..." : ""),
       ErrorCode::invalid_argument);
}

CellForm measure(const TensorReader& reader, const std::string& prefix) {
  const StoredTensor& kernel = *reader.find(prefix + std::string(kKernel));
  const std::vector<std::int64_t>& shape = kernel.shape;
  // Division, not 4 * D, which might overflow.
  const auto is_four_times = [](std::int64_t a, std::int64_t b) {
    return a % kGates == 0 && a / kGates == b;
  };
  const bool filled = std::ranges::all_of(shape, [](std::int64_t size) { return size > 0; });
  if (filled && shape.size() == 3) {
    const std::int64_t rows = kGates * shape[0] * std::min(shape[1], shape[2]);
    if (is_four_times(shape[1], shape[2])) return {prefix, shape[0], shape[2], false, {rows}};
    if (is_four_times(shape[2], shape[1])) return {prefix, shape[0], shape[1], true, {rows}};
  }
  if (filled && shape.size() == 4 && shape[2] == kGates && shape[1] == shape[3]) {
    return {prefix, shape[0], shape[1], true, {shape[0], kGates, shape[1]}};
  }
  fail(reader.source(), formatted("tensor {} has shape {}; an sLSTM cell has [heads, 4 * D, D], "
                                  "[heads, D, 4 * D] or [heads, D, 4, D]",
                                  quote(kernel.name), shape_text(shape)));
}

// --- Its weights ---

/// A tensor of `shape` whose element k is the element `source(k)` of `from`.
template <class Source>
Tensor rearranged(const Tensor& from, std::vector<std::int64_t> shape, Source source) {
  const std::size_t size = element_size(from.dtype());
  std::vector<std::byte> bytes(from.bytes().size());
  for (std::size_t k = 0; k < bytes.size() / size; ++k) {
    const auto at = static_cast<std::size_t>(source(static_cast<std::int64_t>(k)));
    std::memcpy(bytes.data() + k * size, from.bytes().data() + at * size, size);
  }
  return {from.dtype(), std::move(shape), std::move(bytes)};
}

/// The place of a row of the canonical order (gate, head, unit) among rows that are ordered by
/// (head, gate, unit).
std::int64_t head_first(const CellForm& cell, std::int64_t row) {
  const std::int64_t gate = row / cell.hidden();
  const std::int64_t head = row % cell.hidden() / cell.units;
  return (head * kGates + gate) * cell.units + row % cell.units;
}

Tensor recurrent_weight(const CellForm& cell, const Tensor& kernel) {
  const std::int64_t units = cell.units;
  const std::int64_t each = kGates * units;
  return rearranged(kernel, {cell.rows(), units}, [&](std::int64_t k) {
    const std::int64_t row = head_first(cell, k / units);
    const std::int64_t input = k % units;
    if (!cell.head_major) return row * units + input;
    return (row / each * units + input) * each + row % each;
  });
}

Tensor bias(const CellForm& cell, const Tensor& flat) {
  return rearranged(flat, {cell.rows()}, [&](std::int64_t row) {
    return cell.head_major ? head_first(cell, row) : row;
  });
}

/// Before the cell's own name: "blocks.0.xlstm." of "blocks.0.xlstm.slstm_cell.".
std::string parent_of(std::string prefix) {
  if (prefix.ends_with('.')) prefix.pop_back();
  return prefix.substr(0, prefix.rfind('.') + 1);  // npos + 1 is 0
}

bool has_maps(const TensorReader& reader, const std::string& parent) {
  return std::ranges::any_of(kMaps, [&](std::string_view map) {
    return reader.find(parent + std::string(map)) != nullptr;
  });
}

/// The maps [heads, D, D] on the diagonals of four blocks [H, H].
Tensor mapped_input(const CellForm& cell, TensorReader& reader, const std::string& parent) {
  const std::int64_t hidden = cell.hidden();
  const std::int64_t units = cell.units;
  std::vector<float> weight(static_cast<std::size_t>(cell.rows() * hidden));
  auto block = weight.begin();
  for (const std::string_view map : kMaps) {
    const std::vector<float> values =
        reader.take(parent + std::string(map), {cell.heads, units, units}).to_float32();
    for (std::size_t k = 0; k < values.size(); k += static_cast<std::size_t>(units)) {
      const auto row = static_cast<std::int64_t>(k) / units;
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(k), units,
                  block + row * hidden + row / units * units);
    }
    block += hidden * hidden;
  }
  return {{cell.rows(), hidden}, weight};
}

/// A cell by itself is given the sums W x of its gates.
Tensor identity(std::int64_t size) {
  std::vector<float> weight(static_cast<std::size_t>(size * size));
  for (std::size_t k = 0; k < weight.size(); k += static_cast<std::size_t>(size) + 1) {
    weight[k] = 1.0F;
  }
  return {{size, size}, weight};
}

RecurrentSpec spec_of(const TensorReader& reader, const CellForm& cell, bool mapped) {
  RecurrentSpec spec = make_spec(Cell::slstm, mapped ? cell.hidden() : cell.rows(), cell.hidden());
  spec.heads = cell.heads;
  if (spec.input_size <= kMostInputWeights / cell.rows()) return spec;
  fail(reader.source(),
       formatted("the sLSTM cell {} of {} units needs a weight_ih of more than 2^26 elements",
                 quote(cell.prefix), cell.hidden()),
       ErrorCode::unsupported);
}

void refuse_naming_options(const TensorReader& reader, const LoadOptions& options) {
  if (!options.embedding && !options.head) return;
  fail(reader.source(),
       "the options embedding and head (--embedding, --head) are for PyTorch modules, not for the "
       "sLSTM cell of the xlstm package",
       ErrorCode::invalid_argument);
}

}  // namespace

std::optional<ModelLayer> find_xlstm_layer(TensorReader& reader, const LoadOptions& options) {
  const std::optional<std::string> prefix = find_cell(reader, options);
  if (!prefix) return std::nullopt;
  refuse_naming_options(reader, options);
  const CellForm cell = measure(reader, *prefix);
  const std::string parent = parent_of(*prefix);
  const bool mapped = has_maps(reader, parent);
  ModelLayer layer{.spec = spec_of(reader, cell, mapped)};
  const std::string kernel(*prefix + std::string(kKernel));
  const Tensor recurrent = reader.take(kernel, reader.find(kernel)->shape);
  const Tensor flat = reader.take(*prefix + std::string(kBias), cell.bias_shape);
  if (!recurrent.empty()) layer.weights["weight_hh"] = recurrent_weight(cell, recurrent);
  if (!flat.empty()) layer.weights["bias_ih"] = bias(cell, flat);
  layer.weights["bias_hh"] =
      Tensor({cell.rows()}, std::vector<float>(static_cast<std::size_t>(cell.rows())));
  layer.weights["weight_ih"] = mapped ? mapped_input(cell, reader, parent) : identity(cell.rows());
  layer.name = prefix->ends_with('.') ? prefix->substr(0, prefix->size() - 1) : *prefix;
  return layer;
}

}  // namespace carousel::loading
