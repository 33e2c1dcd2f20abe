// SPDX-License-Identifier: Apache-2.0
// NeuralAmpModeler's .nam files with an LSTM: all weights in one array, layer by layer the matrix
// [4 * hidden, input + hidden], the bias, the initial h and the initial c; then the head.
// https://github.com/sdatkinson/NeuralAmpModelerCore
#include "array.hpp"
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "load_json.hpp"

namespace carousel::loading {
namespace {

constexpr const char* kArchitecture = "LSTM";
constexpr std::int64_t kMaxSize = 1 << 16;
constexpr std::int64_t kMaxLayers = 1024;

struct Config {
  std::int64_t inputs;
  std::int64_t hidden;
  std::int64_t layers;
  std::int64_t outputs;

  /// How many weights there must be; the limits of sizes keep it far from int64's.
  [[nodiscard]] std::int64_t weight_count() const {
    const auto layer = [this](std::int64_t input) {
      return 4 * hidden * (input + hidden) + 4 * hidden + 2 * hidden;
    };
    return layer(inputs) + (layers - 1) * layer(hidden) + outputs * (hidden + 1);
  }
};

std::int64_t size(JsonReader& config, const char* field, std::int64_t most) {
  const Json& found = config.require(field);
  const std::int64_t value = config.integer(field, 0);
  if (value < 1 || value > most) {
    config.refuse_field(field, formatted("an integer in 1..{}", most), found);
  }
  return value;
}

Config read_config(const Json& json, const std::string& source) {
  JsonReader file(json, {.source = source, .key = {}, .path = "the file"});
  JsonReader config(file.require("config"), {.source = source, .key = {}, .path = "config"});
  return {.inputs = size(config, "input_size", kMaxSize),
          .hidden = size(config, "hidden_size", kMaxSize),
          .layers = size(config, "num_layers", kMaxLayers),
          .outputs =
              config.find("out_channels") != nullptr ? size(config, "out_channels", kMaxSize) : 1};
}

void check_architecture(const Json& json, const std::string& source) {
  const Json& architecture = json["architecture"];
  if (architecture == kArchitecture) return;
  const std::string name =
      architecture.is_string() ? architecture.get<std::string>() : architecture.dump();
  fail(source,
       formatted("is a NeuralAmpModeler model of the architecture {}; only LSTM is recurrent",
                 quote(name)),
       ErrorCode::unsupported);
}

/// Takes parts of the one array in their order.
class Parts {
 public:
  explicit Parts(std::span<const float> values) : values_(values) {}

  Tensor take(std::vector<std::int64_t> shape) {
    std::size_t count = 1;
    for (const std::int64_t dimension : shape) count *= static_cast<std::size_t>(dimension);
    const std::span<const float> part = values_.first(count);
    values_ = values_.subspan(count);
    return {std::move(shape), part};
  }

  /// `rows` rows of two matrices side by side.
  std::pair<Tensor, Tensor> take_pair(std::int64_t rows, std::int64_t left, std::int64_t right) {
    std::vector<float> a;
    std::vector<float> b;
    for (std::int64_t row = 0; row < rows; ++row) {
      append(a, left);
      append(b, right);
    }
    return {Tensor({rows, left}, a), Tensor({rows, right}, b)};
  }

 private:
  void append(std::vector<float>& to, std::int64_t count) {
    const auto part = values_.first(static_cast<std::size_t>(count));
    to.insert(to.end(), part.begin(), part.end());
    values_ = values_.subspan(part.size());
  }

  std::span<const float> values_;
};

ModelLayer read_lstm(Parts& parts, std::int64_t inputs, std::int64_t hidden) {
  const std::int64_t rows = 4 * hidden;
  ModelLayer layer{.spec = make_spec(Cell::lstm, inputs, hidden)};
  std::tie(layer.weights["weight_ih"], layer.weights["weight_hh"]) =
      parts.take_pair(rows, inputs, hidden);
  layer.weights["bias_ih"] = parts.take({rows});
  layer.weights["bias_hh"] =
      Tensor({rows}, std::vector<float>(static_cast<std::size_t>(rows), 0.0F));
  layer.weights["initial_h"] = parts.take({hidden});
  layer.weights["initial_c"] = parts.take({hidden});
  return layer;
}

ModelLayer read_head(Parts& parts, const Config& config) {
  ModelLayer layer{.spec = DenseSpec{config.hidden, config.outputs}};
  layer.weights["weight"] = parts.take({config.outputs, config.hidden});
  layer.weights["bias"] = parts.take({config.outputs});
  return layer;
}

}  // namespace

Model model_from_nam(const Json& json, const std::string& source) {
  check_architecture(json, source);
  const Config config = read_config(json, source);
  const JsonArray weights = read_array(
      json["weights"], {.source = source, .key = {}, .path = "weights"}, {config.weight_count()});
  Model model;
  model.source = source;
  Parts parts(weights.values);
  for (std::int64_t k = 0; k < config.layers; ++k) {
    model.layers.push_back(read_lstm(parts, k == 0 ? config.inputs : config.hidden, config.hidden));
  }
  model.layers.push_back(read_head(parts, config));
  keep_metadata(json, "sample_rate", model);
  return model;
}

}  // namespace carousel::loading
