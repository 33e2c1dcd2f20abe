// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "command_line.hpp"

#include <carousel/model.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::cli {

/// The cell of that name in the table of cells.
[[nodiscard]] std::optional<Cell> cell_by_name(std::string_view word);
/// The names in the table of cells, with commas between them.
[[nodiscard]] std::string cell_names();

/// The largest sizes, steps and batch of a Shape, and the most layers.
inline constexpr std::int64_t kMaxSize = 1 << 20;
inline constexpr std::int64_t kMaxLayers = 64;

/// "[CELL:]I,H,T,B[,layers,bidir,proj]": a network and the work to give it, without a file.
struct Shape {
  std::int64_t input = 0;
  std::int64_t hidden = 0;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::int64_t layers = 1;
  bool bidirectional = false;
  std::int64_t proj = 0;
  Cell cell{};  ///< The first of the table of cells, unless another is named.
};

/// Throws Error naming the part that is missing or out of range.
[[nodiscard]] Shape parse_shape(std::string_view text);

/// Its layers without weights.
[[nodiscard]] std::vector<RecurrentSpec> layer_specs(const Shape& shape);
/// A network of that shape, weights uniform in (-1/sqrt(H), 1/sqrt(H)) as PyTorch initializes them.
/// Throws Error where this machine has no memory for them.
[[nodiscard]] Model random_model(const Shape& shape, std::uint64_t seed);

/// The memory of this machine, such as "16 GiB".
[[nodiscard]] std::string memory_text();

/// The options that say which model is meant, shared by the subcommands.
struct ModelSource {
  std::string file;
  std::string shape;
  std::string prefix;
  std::string embedding;
  std::string head;
  std::string from;
  std::string to;
  bool ignore_extra = false;
  bool has_prefix = false;
  bool has_embedding = false;
  bool has_head = false;
  bool has_from = false;
  bool has_to = false;
  std::map<std::string, double> values;                     ///< Inputs that are fixed: --set.
  std::map<std::string, std::vector<std::int64_t>> shapes;  ///< Of inputs: --input-shape.

  [[nodiscard]] bool is_shape() const noexcept { return !shape.empty(); }
  /// From `file`. `of_arrays` are the shapes of inputs that are known from their arrays.
  [[nodiscard]] Model load(
      const std::map<std::string, std::vector<std::int64_t>>& of_arrays = {}) const;
};

/// Adds MODEL and the loader's flags; with `allow_shape` also --shape, one of the two being needed.
void add_model_options(Parser& command, ModelSource& source, bool allow_shape);

/// What `--backend` means when it is not given: CAROUSEL_BACKEND, else "auto".
[[nodiscard]] std::string backend_choice(const std::string& option);

/// What it means where backends are compared: all, whatever the environment prefers.
[[nodiscard]] std::string all_unless(const std::string& option);

}  // namespace carousel::cli
