// SPDX-License-Identifier: Apache-2.0
#include "model_source.hpp"

#include "format.hpp"
#include "model_facts.hpp"
#include "named_file.hpp"
#include "random.hpp"

#include "core/engine/environment.hpp"
#include "core/model/formats/files.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace carousel::cli {
namespace {

constexpr std::size_t kFields = 7;
constexpr std::array<const char*, kFields> kNames{"I", "H", "T", "B", "layers", "bidir", "proj"};
constexpr std::array<std::int64_t, kFields> kLeast{1, 1, 0, 0, 1, 0, 0};
constexpr std::array<std::int64_t, kFields> kMost{kMaxSize,   kMaxSize, kMaxSize, kMaxSize,
                                                  kMaxLayers, 1,        kMaxSize};

[[noreturn]] void refuse_shape(std::string_view text, const std::string& why) {
  constexpr const char* kExample = "128,128,100,1";
  throw Error(ErrorCode::invalid_argument,
              "--shape '" + std::string(text) + "': " + why +
                  "; expected [CELL:]I,H,T,B[,layers,bidir,proj], where CELL is one of " +
                  cell_names() + ", for example " + kExample + " or " +
                  std::string(kCells.back().name) + ":" + kExample);
}

/// What comes before a colon.
Cell parse_cell(std::string_view whole, std::string_view word) {
  if (const auto cell = cell_by_name(word)) return *cell;
  refuse_shape(whole, "'" + std::string(word) + "' is none of " + cell_names());
}

std::int64_t parse_field(std::string_view whole, std::string_view field, std::size_t index) {
  const char* name = kNames.at(index);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size()) {
    refuse_shape(whole, std::string(name) + " is '" + std::string(field) + "', not a whole number");
  }
  if (value < kLeast.at(index) || value > kMost.at(index)) {
    refuse_shape(whole, std::string(name) + " is " + std::string(field) + ", but must be in " +
                            std::to_string(kLeast.at(index)) + ".." +
                            std::to_string(kMost.at(index)));
  }
  return value;
}

Tensor random_tensor(const std::vector<std::int64_t>& shape, Random& random, double bound) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>((2 * random.uniform() - 1) * bound);
  return {shape, values};
}

Weights random_weights(const RecurrentSpec& spec, Random& random) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(spec.hidden_size));
  Weights weights;
  for (const WeightRole& role : weight_roles(spec)) {
    if (role.required) weights.emplace(role.name, random_tensor(role.shape, random, bound));
  }
  return weights;
}

double weight_bytes(const Shape& shape) {
  double bytes = 0;
  for (const RecurrentSpec& spec : layer_specs(shape)) {
    for (const WeightRole& role : weight_roles(spec)) {
      double count = role.required ? 1 : 0;
      for (const std::int64_t size : role.shape) count *= static_cast<double>(size);
      bytes += count * sizeof(float);
    }
  }
  return bytes;
}

/// Throws Error where this machine has no memory for the weights.
void require_memory(const Shape& shape) {
  const double bytes = weight_bytes(shape);
  const std::string layers =
      shape.layers > 1 ? " (" + std::to_string(shape.layers) + " layers)" : "";
  const std::string sizes = "the weights of " + describe(layer_specs(shape).front()) + layers +
                            " take " + format_bytes(bytes) + ", and this machine has " +
                            memory_text();
  if (bytes > static_cast<double>(loading::physical_memory())) {
    throw Error(ErrorCode::out_of_memory, "--shape: " + sizes);
  }
  note_sizes(sizes);
}

/// What the cell does not have is refused in the words of `validate`.
void check_shape(std::string_view whole, const Shape& shape) {
  if (shape.proj >= shape.hidden && shape.proj > 0) {
    refuse_shape(whole, "proj must be smaller than H");
  }
  try {
    validate(layer_specs(shape).front());
  } catch (const Error& error) {
    refuse_shape(whole, error.what());
  }
}

std::optional<std::string> given(bool has, const std::string& value) {
  return has ? std::optional(value) : std::nullopt;
}

bool is_onnx(const std::string& file) {
  constexpr std::string_view ending = ".onnx";
  return file.size() >= ending.size() &&
         std::ranges::equal(file.substr(file.size() - ending.size()), ending,
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
}

double parse_number(const std::string& option, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && std::isfinite(value)) {
    return value;
  }
  throw Error(ErrorCode::invalid_argument, option + ": '" + text + "' is not a number");
}

std::vector<std::int64_t> parse_sizes(const std::string& option, const std::string& text) {
  std::vector<std::int64_t> sizes;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::int64_t size = 0;
    const char* last = text.data() + end;
    const auto [stop, error] = std::from_chars(text.data() + begin, last, size);
    if (error != std::errc{} || stop != last || size < -1) {
      throw Error(ErrorCode::invalid_argument,
                  option + ": must be sizes with commas between them, -1 for an open one");
    }
    sizes.push_back(size);
    begin = end + 1;
  }
  return sizes;
}

void add_input_shape_option(Parser& command, ModelSource& source) {
  const auto take = [&source](const std::string& text) {
    const auto [name, sizes] =
        split_at_equals("--input-shape", text, "NAME=SIZES, such as input=1,576");
    const bool added =
        source.shapes.emplace(name, parse_sizes("--input-shape " + text, sizes)).second;
    if (!added) {
      throw Error(ErrorCode::invalid_argument,
                  "--input-shape " + text + ": '" + name + "' is given twice");
    }
  };
  command
      .add_repeatable("--input-shape", take,
                      "of an input, where the graph depends on open sizes; may be given again")
      .type_name("NAME=SIZES")
      .group("Nodes (ONNX)");
}

void add_set_option(Parser& command, std::map<std::string, double>& values) {
  const auto take = [&values](const std::string& text) {
    const auto [name, value] = split_at_equals("--set", text, "NAME=VALUE, such as sr=16000");
    const bool added = values.emplace(name, parse_number("--set " + text, value)).second;
    if (added) return;
    throw Error(ErrorCode::invalid_argument, "--set " + text + ": '" + name + "' is set twice");
  };
  command.add_repeatable("--set", take, "fix an input for good; may be given again")
      .type_name("NAME=VALUE")
      .group("Nodes (ONNX)");
}

/// Whether a shape has the sizes that were told; those of -1 are open.
bool fits(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& told) {
  return std::ranges::equal(shape, told, [](std::int64_t size, std::int64_t told_size) {
    return told_size == -1 || told_size == size;
  });
}

}  // namespace

std::optional<Cell> cell_by_name(std::string_view word) {
  const auto found = std::ranges::find(kCells, word, &CellTraits::name);
  if (found == kCells.end()) return std::nullopt;
  return static_cast<Cell>(found - kCells.begin());
}

std::string cell_names() { return join(names_of(kCells)); }

Shape parse_shape(std::string_view whole) {
  const std::size_t colon = whole.find(':');
  const bool has_cell = colon != std::string_view::npos;
  const Cell cell = has_cell ? parse_cell(whole, whole.substr(0, colon)) : Cell{};
  const std::string_view text = has_cell ? whole.substr(colon + 1) : whole;
  std::array<std::int64_t, kFields> values{0, 0, 0, 0, 1, 0, 0};
  std::size_t count = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (count == kFields) refuse_shape(whole, "more than 7 numbers");
    values.at(count) = parse_field(whole, text.substr(begin, end - begin), count);
    ++count;
    begin = end + 1;
  }
  if (count < 4) refuse_shape(whole, std::string("no ") + kNames.at(count));
  const auto [input, hidden, steps, batch, layers, bidir, proj] = values;
  const Shape shape{input, hidden, steps, batch, layers, bidir == 1, proj, cell};
  check_shape(whole, shape);
  return shape;
}

std::vector<RecurrentSpec> layer_specs(const Shape& shape) {
  const auto direction = shape.bidirectional ? Direction::bidirectional : Direction::forward;
  std::vector<RecurrentSpec> specs;
  std::int64_t input = shape.input;
  for (std::int64_t l = 0; l < shape.layers; ++l) {
    specs.push_back(make_spec(shape.cell, input, shape.hidden, direction, shape.proj));
    input = specs.back().output_size();
  }
  return specs;
}

std::string memory_text() { return format_bytes(static_cast<double>(loading::physical_memory())); }

Model random_model(const Shape& shape, std::uint64_t seed) {
  require_memory(shape);
  Random random(seed);
  Model model;
  for (const RecurrentSpec& spec : layer_specs(shape)) {
    model.layers.push_back({.spec = spec, .weights = random_weights(spec, random)});
  }
  return model;
}

Model ModelSource::load(const std::map<std::string, std::vector<std::int64_t>>& of_arrays) const {
  const bool onnx = is_onnx(file);
  if (!onnx && (!values.empty() || !shapes.empty())) {
    throw Error(ErrorCode::invalid_argument, file + ": --set and --input-shape are for ONNX files");
  }
  LoadOptions options{.prefix = given(has_prefix, prefix),
                      .embedding = given(has_embedding, embedding),
                      .head = given(has_head, head),
                      .ignore_extra = ignore_extra,
                      .from = given(has_from, from),
                      .to = given(has_to, to),
                      .input_shapes = shapes,
                      .input_values = values};
  if (!onnx) return carousel::load(file, options);
  for (const auto& [name, sizes] : of_arrays) {
    const auto told = options.input_shapes.emplace(name, sizes).first;
    if (fits(sizes, told->second)) continue;
    throw Error(ErrorCode::invalid_argument,
                "--input-shape " + name + ": its sizes are not those of the array that is given, " +
                    format_shape(sizes));
  }
  return carousel::load(file, options);
}

void add_model_options(Parser& command, ModelSource& source, bool allow_shape) {
  Option file = command.add_option(
      "MODEL", source.file, "safetensors file with PyTorch state_dict names, or ONNX file (.onnx)");
  if (allow_shape) {
    const std::string help =
        "instead of MODEL: random weights and the work for them,\n"
        "[CELL:]I,H,T,B[,layers,bidir,proj] (sizes, steps, batch);\n"
        "CELL is one of " +
        cell_names() + " (default: " + std::string(kCells.front().name) + ")";
    command.add_option("--shape", source.shape, help.c_str()).excludes(file);
    command.require("MODEL or --shape",
                    [&source] { return !source.file.empty() || !source.shape.empty(); });
  } else {
    file.required();
  }
  const auto text = [&command](const char* name, std::string& value, bool& has, const char* help,
                               const char* group = "Tensor names (safetensors)") {
    command
        .add_function(
            name,
            [&value, &has](const std::string& given_value) {
              value = given_value;
              has = true;
            },
            help)
        .type_name("NAME")
        .group(group);
  };
  text("--prefix", source.prefix, source.has_prefix,
       "prefix of the recurrent tensors, e.g. 'encoder.lstm.'");
  text("--embedding", source.embedding, source.has_embedding,
       "module that the network begins with, an embedding or linear layer ('' for none)");
  text("--head", source.head, source.has_head, "module name of the linear head ('' for none)");
  command
      .add_flag("--ignore-extra", source.ignore_extra, "leave tensors alone that are none of these")
      .group("Tensor names (safetensors)");
  text("--from", source.from, source.has_from, "first node to take of a larger graph",
       "Nodes (ONNX)");
  text("--to", source.to, source.has_to, "last node to take", "Nodes (ONNX)");
  add_set_option(command, source.values);
  add_input_shape_option(command, source);
}

std::string backend_choice(const std::string& option) {
  if (!option.empty()) return option;
  const std::string_view chosen = environment_text("CAROUSEL_BACKEND");
  return std::string(chosen.empty() ? "auto" : chosen);
}

std::string all_unless(const std::string& option) {
  return option.empty() || option == "all" ? "auto" : option;
}

}  // namespace carousel::cli
