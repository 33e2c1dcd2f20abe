// SPDX-License-Identifier: Apache-2.0
#include "module_places.hpp"

#include "module_names.hpp"
#include "tensor_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string_view>
#include <utility>

namespace carousel::loading {

using safetensors::StoredTensor;

namespace {

constexpr std::string_view kWeightSuffix = ".weight";

// Usual last components of a module's path.
constexpr std::array<std::string_view, 14> kTableNames{"embedding",
                                                       "embeddings",
                                                       "embed",
                                                       "emb",
                                                       "word_embedding",
                                                       "word_embeddings",
                                                       "token_embedding",
                                                       "token_embeddings",
                                                       "tok_embeddings",
                                                       "char_embedding",
                                                       "char_embeddings",
                                                       "embed_tokens",
                                                       "wte",
                                                       "lookup"};
/// Whatever reads the input of a network is called so, a table or a Linear.
constexpr std::string_view kEncoderName = "encoder";
constexpr std::array<std::string_view, 8> kAfterNames{
    "head", "decoder", "output", "out", "classifier", "lm_head", "logits", "hidden2tag"};
/// A Linear anywhere.
constexpr std::array<std::string_view, 5> kLinearNames{"fc", "linear", "proj", "projection",
                                                       "dense"};

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// The last component of a path that is no number, without its own: "fc" of "net.fc_2.0".
std::string_view stem(std::string_view module) {
  for (;;) {
    const std::string_view last = module.substr(module.rfind('.') + 1);  // npos + 1 is 0
    if (last.size() == module.size() || !std::ranges::all_of(last, is_digit)) {
      module = last;
      break;
    }
    module.remove_suffix(last.size() + 1);
  }
  std::string_view name = module;
  while (!name.empty() && is_digit(name.back())) name.remove_suffix(1);
  if (name.size() < module.size() && name.ends_with('_')) name.remove_suffix(1);
  return name.empty() ? module : name;
}

void place_by_name(MatrixModule& module) {
  const std::string_view name = stem(module.name);
  const bool table_name = contains(kTableNames, name);
  module.table = !module.bias && !contains(kLinearNames, name) && !contains(kAfterNames, name);
  module.before = !contains(kAfterNames, name) && (module.bias || !table_name);
  module.after = (module.bias || !table_name) && (module.bias || name != kEncoderName);
}

/// PyTorch makes weight_ih before weight_hh, and a file that is sorted has them the other way
/// round; one that is sorted by types first tells nothing.
bool is_ordered(const TensorReader& reader) {
  const std::vector<StoredTensor>& tensors = reader.tensors();
  const bool sorted = std::ranges::is_sorted(tensors, [](const auto& a, const auto& b) {
    return a.dtype != b.dtype ? a.dtype > b.dtype : a.name < b.name;
  });
  if (sorted) return false;
  const auto place = [&](const std::string& name) {
    const StoredTensor* found = reader.find(name);
    return found == nullptr ? tensors.size() : static_cast<std::size_t>(found - tensors.data());
  };
  return std::ranges::all_of(all_prefixes(reader), [&](const std::string& prefix) {
    return place(prefix + "weight_ih_l0") < place(prefix + "weight_hh_l0");
  });
}

std::size_t position_of(const TensorReader& reader, const ModelLayer& layer) {
  const StoredTensor* weight = reader.find(tensor_name(layer.name, "weight_ih"));
  return weight == nullptr ? 0 : static_cast<std::size_t>(weight - reader.tensors().data());
}

/// Options say what a module is, whatever it is called.
void apply_options(const LoadOptions& options, std::vector<MatrixModule>& modules) {
  for (MatrixModule& module : modules) {
    if (options.embedding == module.name) {
      module.table = !module.bias;
      module.before = true;
      module.after = false;
    }
    if (options.head == module.name) {
      module.table = module.before = false;
      module.after = true;
    }
  }
}

/// Modules from farther away that a near one rules out: they want its place, and do not go with it.
void drop_far(const Stack& stack, std::vector<MatrixModule>& modules) {
  std::vector<MatrixModule> followers;
  std::vector<MatrixModule> beginners;
  for (const MatrixModule& module : modules) {
    if (!is_near(module.name, stack.prefix)) continue;
    if (can_follow(module, stack)) followers.push_back(module);
    if (can_begin(module, stack)) beginners.push_back(module);
  }
  for (MatrixModule& module : modules) {
    if (is_near(module.name, stack.prefix)) continue;
    const bool reads_one = std::ranges::any_of(
        followers, [&](const MatrixModule& each) { return each.rows == module.columns; });
    const bool read_by_one = std::ranges::any_of(beginners, [&](const MatrixModule& each) {
      const std::int64_t given = module.bias ? module.rows : module.columns;
      return each.before && each.columns == given;
    });
    if (can_follow(module, stack) && !followers.empty() && !reads_one) module.after = false;
    if (can_begin(module, stack) && !beginners.empty() && !read_by_one) {
      module.table = module.before = false;
    }
  }
}

}  // namespace

bool can_follow(const MatrixModule& module, const Stack& stack) {
  return module.after && module.columns == stack.output;
}

bool can_begin(const MatrixModule& module, const Stack& stack) {
  return (module.table && module.columns == stack.input) ||
         (module.before && module.rows == stack.input);
}

bool is_near(const std::string& module, const std::string& prefix) {
  const std::size_t dot = module.rfind('.');
  return dot == module.npos || prefix.starts_with(module.substr(0, dot + 1));
}

bool has_embedding_name(std::string_view module) {
  return contains(kTableNames, stem(module)) || stem(module) == kEncoderName;
}

bool has_head_name(std::string_view module) {
  return contains(kAfterNames, stem(module)) || contains(kLinearNames, stem(module));
}

Stack measure_stack(const TensorReader& reader, const std::vector<ModelLayer>& layers) {
  Stack stack{.prefix = layers.front().name.substr(0, layers.front().name.rfind("l0")),
              .input = input_size(layers.front().spec),
              .output = output_size(layers.back().spec),
              .first_position = position_of(reader, layers.front()),
              .last_position = position_of(reader, layers.back()),
              .ordered = is_ordered(reader)};
  for (std::size_t k = 1; k < layers.size(); ++k) {
    if (!layers[k].name.ends_with("l0")) continue;
    stack.joints.push_back({input_size(layers[k].spec), position_of(reader, layers[k - 1]),
                            position_of(reader, layers[k])});
  }
  return stack;
}

std::vector<MatrixModule> matrix_modules(const TensorReader& reader, const Stack& stack,
                                         const LoadOptions& options) {
  std::vector<MatrixModule> modules;
  const std::vector<StoredTensor>& tensors = reader.tensors();
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    const StoredTensor& tensor = tensors[k];
    const bool matrix = tensor.name.ends_with(kWeightSuffix) && tensor.shape.size() == 2 &&
                        tensor.shape[0] > 0 && tensor.shape[1] > 0;
    if (!matrix) continue;
    MatrixModule module{.name = tensor.name.substr(0, tensor.name.size() - kWeightSuffix.size()),
                        .rows = tensor.shape[0],
                        .columns = tensor.shape[1],
                        .position = k};
    module.bias = reader.find(tensor_name(module.name, "bias")) != nullptr;
    place_by_name(module);
    if (module.rows == 1 && can_follow(module, stack)) module.before = false;
    modules.push_back(std::move(module));
  }
  apply_options(options, modules);
  drop_far(stack, modules);
  return modules;
}

}  // namespace carousel::loading
