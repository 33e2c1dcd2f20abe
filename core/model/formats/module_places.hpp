// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state_dict.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// \file
/// The modules with one matrix in a state dict, an Embedding or a Linear each, and where beside the
/// recurrent layers their names and biases let them stand.
namespace carousel::loading {

struct MatrixModule {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  bool bias = false;
  std::size_t position = 0;  ///< Of its weight in the file.
  // What it may be, as far as names tell.
  bool table = false;   ///< An Embedding, which nothing comes before.
  bool before = false;  ///< A Linear before the recurrent layers, or between two modules of them.
  bool after = false;   ///< A Linear after the recurrent layers.
};

/// The recurrent layers among which they stand.
struct Stack {
  std::string prefix;  ///< Of the first module.
  std::int64_t input = 0;
  std::int64_t output = 0;
  /// Where one module reads another: the features there, and the positions in the file of the
  /// weights before and after.
  struct Joint {
    std::int64_t features;
    std::size_t after;
    std::size_t before;
  };
  std::vector<Joint> joints{};
  std::size_t first_position = 0;
  std::size_t last_position = 0;
  /// Whether the file has its tensors in the order in which the modules were made.
  bool ordered = false;
};

[[nodiscard]] Stack measure_stack(const TensorReader& reader,
                                  const std::vector<ModelLayer>& layers);

/// All modules with a matrix `weight`, as the options tell them or else by their names: a module
/// "embedding" without bias is a lookup table and nothing else, "decoder" stands after the
/// recurrent layers, "fc" is no table. Modules under the same parent as the recurrent ones rule
/// those out that compete with them from farther away. A Linear that would leave the recurrent
/// layers a single feature stands after them where it can.
[[nodiscard]] std::vector<MatrixModule> matrix_modules(const TensorReader& reader,
                                                       const Stack& stack,
                                                       const LoadOptions& options);

/// Whether the module can read what the recurrent layers give, or give what they read.
[[nodiscard]] bool can_follow(const MatrixModule& module, const Stack& stack);
[[nodiscard]] bool can_begin(const MatrixModule& module, const Stack& stack);

/// Whether everything before the module's last component also stands before the recurrent tensors:
/// "model.fc" beside "model.lstm.", but not "other.fc".
[[nodiscard]] bool is_near(const std::string& module, const std::string& prefix);

/// Whether a module of that name is usually the embedding.
[[nodiscard]] bool has_embedding_name(std::string_view module);
/// Whether a module of that name is usually the head.
[[nodiscard]] bool has_head_name(std::string_view module);

}  // namespace carousel::loading
