// SPDX-License-Identifier: Apache-2.0
#include "support/pytorch_case.hpp"

#include "core/verify/conformance/problem.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace carousel::testing_support {
namespace {

using nlohmann::json;

std::vector<float> floats(const Array& array) { return {array.values.begin(), array.values.end()}; }

std::vector<float> take_floats(const Arrays& arrays, const std::string& name) {
  const auto found = arrays.find(name);
  if (found == arrays.end()) throw std::runtime_error("test data lacks " + name);
  return floats(found->second);
}

Tensor take_tensor(const Arrays& arrays, const std::string& name) {
  const std::vector<float> values = take_floats(arrays, name);
  return {arrays.at(name).shape, values};
}

RecurrentSpec layer_spec(const Architecture& a, std::int64_t layer) {
  const Direction direction = a.bidirectional ? Direction::bidirectional : Direction::forward;
  RecurrentSpec spec =
      make_spec(a.cell, a.input_size, a.hidden_size, direction, a.proj_size, a.bias);
  if (layer > 0) spec.input_size = spec.output_size();
  if (a.relu) {
    for (ActivationSet& set : spec.activations) set[0] = {ActivationKind::relu, 0.0F, 0.0F};
  }
  return spec;
}

/// Restores [steps, batch, features] from what PyTorch takes and gives.
std::vector<float> to_steps_first(const Array& array, bool batch_first) {
  if (!batch_first || array.shape.size() != 3) return floats(array);
  return swap_first_two(floats(array), array.shape[0], array.shape[1], array.shape[2]);
}

/// Sets steps and batch from the shape of x.
void read_x(PyTorchCase& c, const Array& x, bool batch_first) {
  const bool unbatched = x.shape.size() == 2;
  c.batch_first = batch_first && !unbatched;
  c.batch = unbatched ? 1 : x.shape[batch_first ? 0 : 1];
  c.steps = unbatched ? x.shape[0] : x.shape[batch_first ? 1 : 0];
  c.x = to_steps_first(x, c.batch_first);
}

void read_results(PyTorchCase& c, const Array& y, const Arrays& states) {
  c.y = to_steps_first(y, c.batch_first);
  const auto rows = static_cast<std::size_t>(c.steps * c.batch);
  c.y.resize(rows * static_cast<std::size_t>(c.top().output_size()), 0.0F);
  c.h_n = take_floats(states, "h_n");
  if (c.top().has_cell_state()) c.c_n = take_floats(states, "c_n");
  c.h0 = states.contains("h0") ? take_floats(states, "h0") : std::vector<float>(c.h_n.size());
  c.c0 = states.contains("c0") ? take_floats(states, "c0") : std::vector<float>(c.c_n.size());
}

// --- safetensors, read again here so that the loader is not its own judge ---

double element(const std::string& dtype, const char* bytes, std::size_t index) {
  if (dtype == "F32") {
    float value = 0;
    std::memcpy(&value, bytes + index * sizeof value, sizeof value);
    return value;
  }
  if (dtype != "I64") throw std::runtime_error("golden file with dtype " + dtype);
  std::int64_t value = 0;
  std::memcpy(&value, bytes + index * sizeof value, sizeof value);
  return static_cast<double>(value);
}

Array read_tensor(const json& entry, const std::string& data) {
  Array array{entry.at("shape").get<std::vector<std::int64_t>>(), {}};
  const std::string dtype = entry.at("dtype");
  const std::size_t begin = entry.at("data_offsets").at(0);
  const std::size_t end = entry.at("data_offsets").at(1);
  const std::size_t count = (end - begin) / (dtype == "F32" ? 4 : 8);
  if (end > data.size()) throw std::runtime_error("golden file is cut short");
  for (std::size_t k = 0; k < count; ++k) {
    array.values.push_back(element(dtype, data.data() + begin, k));
  }
  return array;
}

std::string read_bytes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

Architecture golden_architecture(const json& metadata) {
  const auto number = [&](const char* key) {
    return std::stoll(metadata.at(key).get<std::string>());
  };
  const std::string cell = metadata.at("cell");
  return {.cell = cell == "lstm"  ? Cell::lstm
                  : cell == "gru" ? Cell::gru
                                  : Cell::rnn,
          .relu = cell == "rnn_relu",
          .input_size = number("input_size"),
          .hidden_size = number("hidden_size"),
          .num_layers = number("num_layers"),
          .proj_size = number("proj_size"),
          .bidirectional = number("bidirectional") != 0,
          .bias = number("bias") != 0};
}

std::vector<std::int64_t> parse_list(const std::string& text) {
  std::vector<std::int64_t> numbers;
  std::istringstream stream(text);
  for (std::string item; std::getline(stream, item, ',');) numbers.push_back(std::stoll(item));
  return numbers;
}

// --- torch-cases.json ---

Array json_array(const json& value) {
  return {value.at("shape").get<std::vector<std::int64_t>>(),
          value.at("data").get<std::vector<double>>()};
}

Architecture json_architecture(const json& entry) {
  const json& args = entry.at("args");
  const std::string kind = entry.at("kind");
  return {.cell = kind == "LSTM"  ? Cell::lstm
                  : kind == "GRU" ? Cell::gru
                                  : Cell::rnn,
          .relu = args.at("nonlinearity") == "relu",
          .input_size = args.at("input_size"),
          .hidden_size = args.at("hidden_size"),
          .num_layers = args.at("num_layers"),
          .proj_size = args.at("proj_size"),
          .bidirectional = args.at("bidirectional"),
          .bias = args.at("bias")};
}

Arrays json_states(const json& entry) {
  Arrays states;
  const json& given = entry.at("hx");
  const json& results = entry.at("state");
  constexpr std::array<std::array<const char*, 2>, 2> names{{{"h0", "h_n"}, {"c0", "c_n"}}};
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (!given.is_null()) states[names.at(k)[0]] = json_array(given.at(k));
    states[names.at(k)[1]] = json_array(results.at(k));
  }
  return states;
}

PyTorchCase json_case(const json& entry) {
  PyTorchCase c;
  c.name = entry.at("name");
  Arrays tensors;
  for (const auto& [name, value] : entry.at("state_dict").items()) {
    tensors[name] = json_array(value);
  }
  c.model = build_model(tensors, "", json_architecture(entry));
  read_x(c, json_array(entry.at("x")), entry.at("args").at("batch_first"));
  if (!entry.at("lengths").is_null()) c.lengths = entry.at("lengths").get<decltype(c.lengths)>();
  read_results(c, json_array(entry.at("output")), json_states(entry));
  return c;
}

}  // namespace

Model build_model(const Arrays& tensors, const std::string& prefix, const Architecture& a) {
  Model model;
  for (std::int64_t layer = 0; layer < a.num_layers; ++layer) {
    const RecurrentSpec spec = layer_spec(a, layer);
    ModelLayer& built = model.layers.emplace_back(ModelLayer{spec});
    for (std::size_t d = 0; std::cmp_less(d, spec.directions()); ++d) {
      const auto take = [&](const std::string& role) {
        const std::string name = prefix + in_direction(role + "_l" + std::to_string(layer), d);
        built.weights.emplace(in_direction(role, d), take_tensor(tensors, name));
      };
      take("weight_ih");
      take("weight_hh");
      if (a.bias) take("bias_ih");
      if (a.bias) take("bias_hh");
      if (a.proj_size > 0) take("weight_hr");
    }
  }
  validate(model);
  return model;
}

PyTorchCase read_golden(const std::filesystem::path& file) {
  const std::string bytes = read_bytes(file);
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  const json header = json::parse(bytes.substr(sizeof header_size, header_size));
  const std::string data = bytes.substr(sizeof header_size + header_size);
  Arrays tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") tensors[name] = read_tensor(entry, data);
  }
  const json& metadata = header.at("__metadata__");
  PyTorchCase c;
  c.name = metadata.at("case");
  c.model = build_model(tensors, "rnn.", golden_architecture(metadata));
  read_x(c, tensors.at("x"), metadata.at("batch_first") == "1");
  if (metadata.contains("chunks")) c.chunks = parse_list(metadata.at("chunks"));
  if (tensors.contains("lengths")) {
    const std::vector<double>& values = tensors.at("lengths").values;
    for (const double value : values) c.lengths.push_back(static_cast<std::int64_t>(value));
  }
  read_results(c, tensors.at("y"), tensors);
  return c;
}

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(CAROUSEL_SOURCE_DIR "/tests/golden")) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<PyTorchCase> read_torch_cases(const std::filesystem::path& file) {
  std::vector<PyTorchCase> cases;
  const json data = json::parse(read_bytes(file));
  for (const json& entry : data.at("cases")) cases.push_back(json_case(entry));
  return cases;
}

oracle::Result ask_oracle(const PyTorchCase& c) {
  const auto x = oracle::exact(c.x, c.steps, c.batch, c.model.input_size());
  return oracle::run(c.model, x, c.lengths,
                     conformance::oracle_state(c.model, c.batch, c.h0, c.c0));
}

std::vector<float> swap_first_two(const std::vector<float>& values, std::int64_t first,
                                  std::int64_t second, std::int64_t features) {
  std::vector<float> swapped(values.size());
  for (std::int64_t a = 0; a < first; ++a) {
    for (std::int64_t b = 0; b < second; ++b) {
      std::copy_n(values.begin() + (a * second + b) * features, features,
                  swapped.begin() + (b * first + a) * features);
    }
  }
  return swapped;
}

}  // namespace carousel::testing_support
