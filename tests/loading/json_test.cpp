// SPDX-License-Identifier: Apache-2.0
// Models as JSON. The answers of Keras's layers are computed here from the arrays of the file, by
// Keras's equations and in its order of gates.
#include "core/verify/oracle/oracle.hpp"
#include "files_of_bytes.hpp"
#include "same_layers.hpp"

#include <cmath>
#include <random>

namespace carousel::testing {
namespace {

constexpr std::size_t kSteps = 5;

using Matrix = std::vector<std::vector<float>>;
using Row = std::vector<double>;

/// Random numbers that are short in a file.
Matrix random_matrix(std::size_t rows, std::size_t columns, std::uint32_t seed) {
  std::mt19937 random(seed);
  Matrix matrix(rows, std::vector<float>(columns));
  for (auto& row : matrix) {
    for (float& value : row) value = (static_cast<float>(random() % 257) - 128.0F) / 64.0F;
  }
  return matrix;
}

std::string text(const std::vector<float>& values) {
  std::string result = "[";
  for (const float value : values) {
    result += (result.size() == 1 ? "" : ",") + std::to_string(value);
  }
  return result + "]";
}

std::string text(const Matrix& matrix) {
  std::string result = "[";
  for (const auto& row : matrix) result += (result.size() == 1 ? "" : ",") + text(row);
  return result + "]";
}

std::string layer_text(const std::string& type, std::size_t size, const std::string& weights,
                       const std::string& activation = "tanh") {
  return R"({"type":")" + type + R"(","activation":")" + activation + R"(","shape":[null,null,)" +
         std::to_string(size) + R"(],"weights":[)" + weights + "]}";
}

std::string rtneural(const std::string& layers, const std::string& more = "",
                     std::size_t inputs = 2) {
  return R"({"in_shape":[null,null,)" + std::to_string(inputs) + "]," + more + R"("layers":[)" +
         layers + "]}";
}

Model load_text(const std::string& file, const LoadOptions& options = {}) {
  return load(to_bytes(file), "model.json", options);
}

std::string text_error(const std::string& file, const LoadOptions& options = {}) {
  return load_error(to_bytes(file), options);
}

std::vector<float> input(std::size_t features) { return random_matrix(1, kSteps * features, 9)[0]; }

Row step_of(const std::vector<float>& x, std::size_t step, std::size_t features) {
  const auto begin = x.begin() + static_cast<std::ptrdiff_t>(step * features);
  return {begin, begin + static_cast<std::ptrdiff_t>(features)};
}

/// The sum of row * matrix in one column.
double product(const Row& row, const Matrix& matrix, std::size_t column) {
  double sum = 0;
  for (std::size_t k = 0; k < row.size(); ++k) sum += row[k] * matrix[k][column];
  return sum;
}

double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

/// What the loaded model gives for x, by the oracle.
std::vector<double> answer(const Model& model, const std::vector<float>& x) {
  const auto quantity =
      oracle::exact(std::span<const float>(x), kSteps, 1, input_size(model.layers.front().spec));
  return oracle::run(model, quantity).y().value;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) EXPECT_NEAR(found[k], expected[k], 1e-6) << k;
}

TEST(Json, KerasLstmGivesWhatKerasComputes) {
  constexpr std::size_t inputs = 2;
  constexpr std::size_t units = 3;
  const Matrix kernel = random_matrix(inputs, 4 * units, 1);
  const Matrix recurrent = random_matrix(units, 4 * units, 2);
  const std::vector<float> bias = random_matrix(1, 4 * units, 3)[0];
  const std::vector<float> x = input(inputs);
  std::vector<double> expected;
  Row h(units, 0);
  Row c(units, 0);
  for (std::size_t step = 0; step < kSteps; ++step) {
    const Row frame = step_of(x, step, inputs);
    const Row before = h;
    for (std::size_t u = 0; u < units; ++u) {
      const auto gate = [&](std::size_t number) {
        const std::size_t column = number * units + u;
        return product(frame, kernel, column) + product(before, recurrent, column) + bias[column];
      };
      c[u] = sigmoid(gate(1)) * c[u] + sigmoid(gate(0)) * std::tanh(gate(2));
      h[u] = sigmoid(gate(3)) * std::tanh(c[u]);
    }
    expected.insert(expected.end(), h.begin(), h.end());
  }
  const std::string weights = text(kernel) + "," + text(recurrent) + "," + text(bias);
  expect_near(answer(load_text(rtneural(layer_text("lstm", units, weights))), x), expected);
}

/// Keras's GRU, z, r, h: with two rows of biases it resets after the product.
std::vector<double> keras_gru(const Matrix& kernel, const Matrix& recurrent, const Matrix& bias,
                              const std::vector<float>& x, std::size_t inputs) {
  const std::size_t units = recurrent.size();
  std::vector<double> outputs;
  Row h(units, 0);
  for (std::size_t step = 0; step < kSteps; ++step) {
    const Row frame = step_of(x, step, inputs);
    const auto of_input = [&](std::size_t column) {
      return product(frame, kernel, column) + bias[0][column];
    };
    const auto of_state = [&](const Row& state, std::size_t column) {
      return product(state, recurrent, column) + (bias.size() == 2 ? bias[1][column] : 0.0F);
    };
    Row reset(units);
    for (std::size_t u = 0; u < units; ++u) {
      reset[u] = sigmoid(of_input(units + u) + of_state(h, units + u));
    }
    Row before(units);
    for (std::size_t u = 0; u < units; ++u) before[u] = reset[u] * h[u];
    Row next(units);
    for (std::size_t u = 0; u < units; ++u) {
      const double z = sigmoid(of_input(u) + of_state(h, u));
      const double inner = bias.size() == 2 ? reset[u] * of_state(h, 2 * units + u)
                                            : of_state(before, 2 * units + u);
      next[u] = z * h[u] + (1 - z) * std::tanh(of_input(2 * units + u) + inner);
    }
    h = next;
    outputs.insert(outputs.end(), h.begin(), h.end());
  }
  return outputs;
}

TEST(Json, KerasGruGivesWhatKerasComputes) {
  constexpr std::size_t inputs = 2;
  constexpr std::size_t units = 3;
  const Matrix kernel = random_matrix(inputs, 3 * units, 1);
  const Matrix recurrent = random_matrix(units, 3 * units, 2);
  const Matrix bias = random_matrix(2, 3 * units, 3);
  const std::vector<float> x = input(inputs);
  const std::string matrices = text(kernel) + "," + text(recurrent) + ",";
  const Model after = load_text(rtneural(layer_text("gru", units, matrices + text(bias))));
  expect_near(answer(after, x), keras_gru(kernel, recurrent, bias, x, inputs));
  const Model before = load_text(rtneural(layer_text("gru", units, matrices + text(bias[0]))));
  expect_near(answer(before, x), keras_gru(kernel, recurrent, {bias[0]}, x, inputs));
}

TEST(Json, DenseLayersAndActivations) {
  const Matrix matrix = random_matrix(2, 3, 1);
  const std::vector<float> bias = random_matrix(1, 3, 2)[0];
  const std::string dense = text(matrix) + "," + text(bias);
  const Model model = load_text(rtneural(layer_text("time-distributed-dense", 3, dense, "sigmoid") +
                                         "," + layer_text("activation", 3, "", "elu") + "," +
                                         layer_text("dense", 1, text(random_matrix(3, 1, 3)), "")));
  ASSERT_EQ(model.layers.size(), 4U);
  EXPECT_EQ(model.layers[0].spec, LayerSpec(DenseSpec{2, 3}));
  EXPECT_EQ(weight(model.layers[0], "weight"),
            (std::vector<float>{matrix[0][0], matrix[1][0], matrix[0][1], matrix[1][1],
                                matrix[0][2], matrix[1][2]}));
  EXPECT_EQ(weight(model.layers[0], "bias"), bias);
  EXPECT_EQ(model.layers[1].spec, LayerSpec(ActivationSpec{{ActivationKind::sigmoid}, 3}));
  EXPECT_EQ(model.layers[2].spec, LayerSpec(ActivationSpec{{ActivationKind::elu, 1.0F}, 3}));
  EXPECT_EQ(model.layers[3].spec, LayerSpec(DenseSpec{3, 1, false}));
}

TEST(Json, GainsOfAidaXAreLinearLayers) {
  const std::string dense = layer_text("dense", 1, "[[2.0]]", "");
  const Model model = load_text(
      rtneural(dense, R"("in_skip":0,"in_gain":20,"out_gain":-100,"samplerate":48000,)", 1));
  ASSERT_EQ(model.layers.size(), 3U);
  EXPECT_EQ(names_of(model), "in_gain head out_gain");
  EXPECT_EQ(weight(model.layers[0], "weight"), std::vector<float>{10});
  EXPECT_EQ(weight(model.layers[2], "weight"), std::vector<float>{0}) << "silence";
  EXPECT_EQ(model.metadata.at("samplerate"), "48000");
}

TEST(Json, ConvolutionsAreCausal) {
  constexpr std::size_t kernel_size = 2;
  constexpr std::size_t dilation = 2;
  const Matrix early = random_matrix(2, 3, 1);
  const Matrix late = random_matrix(2, 3, 2);
  const std::vector<float> bias = random_matrix(1, 3, 3)[0];
  const std::string conv =
      R"({"type":"conv1d","activation":"tanh","shape":[null,null,3],"kernel_size":[2],)"
      R"("dilation":[2],"groups":1,"weights":[[)" +
      text(early) + "," + text(late) + "]," + text(bias) + "]}";
  const std::vector<float> x = input(2);
  std::vector<double> expected;
  for (std::size_t step = 0; step < kSteps; ++step) {
    const std::size_t back = (kernel_size - 1) * dilation;
    const Row before = step < back ? Row(2, 0) : step_of(x, step - back, 2);
    for (std::size_t column = 0; column < 3; ++column) {
      expected.push_back(std::tanh(product(before, early, column) +
                                   product(step_of(x, step, 2), late, column) + bias[column]));
    }
  }
  expect_near(answer(load_text(rtneural(conv)), x), expected);
}

TEST(Json, SlopesAndBatchNormalizations) {
  const std::string normalized =
      R"({"type":"batchnorm","activation":"","shape":[null,null,2],"epsilon":0.5,)"
      R"("weights":[[2,3],[0.25,0.5],[0.1,0.2],[0.5,1.5]]})";
  const std::string sloped = layer_text("prelu", 2, "[0.5,0.25]");
  const std::vector<float> x = input(2);
  std::vector<double> expected;
  for (std::size_t k = 0; k < x.size(); k += 2) {
    const double a = (x[k] - 0.1) / std::sqrt(0.5 + 0.5) * 2 + 0.25;
    const double b = (x[k + 1] - 0.2) / std::sqrt(1.5 + 0.5) * 3 + 0.5;
    expected.push_back(a < 0 ? 0.5 * a : a);
    expected.push_back(b < 0 ? 0.25 * b : b);
  }
  expect_near(answer(load_text(rtneural(normalized + "," + sloped)), x), expected);
  EXPECT_TRUE(contains(text_error(rtneural(layer_text("prelu", 2, "[1,2,3]"))),
                       "has 3 slopes for 2 features"));
}

TEST(Json, WhatRTNeuralFilesMustBe) {
  const auto error = [](const std::string& layer) { return text_error(rtneural(layer)); };
  const std::string dense = text(random_matrix(2, 3, 1));
  EXPECT_TRUE(contains(error(layer_text("conv2d", 3, dense)),
                       "bad.safetensors: layers[0] is of the type 'conv2d', which is not "
                       "supported"));
  EXPECT_TRUE(contains(error(layer_text("magic", 3, dense)), "'magic', which RTNeural does not"));
  EXPECT_TRUE(contains(error(layer_text("dense", 3, dense, "swish")), "the activation 'swish'"));
  EXPECT_TRUE(contains(error(layer_text("lstm", 3, dense + "," + dense, "relu")),
                       "the activation 'relu', which Keras computes and RTNeural takes for tanh"));
  EXPECT_TRUE(contains(error(layer_text("lstm", 3, dense)),
                       "layers[0] of the type 'lstm' must have 2 to 3 arrays of weights, found 1"));
  EXPECT_TRUE(contains(error(layer_text("dense", 4, dense)),
                       "layers[0]: weights[0] has shape [2, 3]; expected [2, 4]"));
  EXPECT_TRUE(contains(error(layer_text("dense", 3, "[[1,2,3],[4,5]]")), "must be a rectangular"));
  EXPECT_TRUE(contains(error(layer_text("dense", 3, "[[1,2,3],[4,5,\"6\"]]")), "of numbers"));
  EXPECT_TRUE(contains(error(layer_text("dense", 3, "[[1,2,3],[4,5,1e300]]")), "beyond float32"));
  EXPECT_TRUE(contains(error(layer_text("activation", 3, "")), "must give as many features"));
  EXPECT_TRUE(contains(error(R"({"type":"dense"})"), "layers[0] has no shape"));
  EXPECT_TRUE(contains(error("7"), "layers[0] must be an object"));
  EXPECT_TRUE(contains(error(""), "the file has no layers"));
  EXPECT_TRUE(contains(text_error(R"({"layers":[],"in_shape":[null]})"), "the file has no layers"));
  EXPECT_TRUE(contains(text_error(R"({"layers":[1],"in_shape":[null]})"),
                       "the file must have an array that ends with the number of features"));
}

/// The tensors of a state dict as nested arrays, and the same as a safetensors file.
struct JsonDict {
  std::string json;
  StateDict same;

  void add(const std::string& name, const Matrix& values, bool is_row = false) {
    json +=
        (json.empty() ? "\"" : ",\"") + name + "\":" + (is_row ? text(values[0]) : text(values));
    std::vector<float> flat;
    for (const auto& row : values) flat.insert(flat.end(), row.begin(), row.end());
    const auto rows = static_cast<std::int64_t>(values.size());
    const auto columns = static_cast<std::int64_t>(values[0].size());
    using Shape = std::vector<std::int64_t>;
    same.add(name, {"F32", is_row ? Shape{columns} : Shape{rows, columns}, raw(flat)});
  }
};

/// A module "rec" of two layers, 2 -> 3, and a Linear "lin" 3 -> 1.
JsonDict guitar_dict(std::size_t gates) {
  JsonDict dict;
  for (const std::size_t layer : {0U, 1U}) {
    const std::string end = "_l" + std::to_string(layer);
    const std::size_t seed = 10 * layer;
    const auto at = [&](std::size_t k) { return static_cast<std::uint32_t>(seed + k); };
    dict.add("rec.weight_ih" + end, random_matrix(gates * 3, layer == 0 ? 2 : 3, at(1)));
    dict.add("rec.weight_hh" + end, random_matrix(gates * 3, 3, at(2)));
    dict.add("rec.bias_ih" + end, random_matrix(1, gates * 3, at(3)), true);
    dict.add("rec.bias_hh" + end, random_matrix(1, gates * 3, at(4)), true);
  }
  dict.add("lin.weight", random_matrix(1, 3, 21));
  dict.add("lin.bias", random_matrix(1, 1, 22), true);
  return dict;
}

TEST(Json, AStateDictIsReadAsOneInSafetensors) {
  const JsonDict dict = guitar_dict(4);
  const LoadOptions options{.head = "lin"};
  const Model same = load(dict.same.bytes(), "same", options);
  expect_same_layers(load_text("{" + dict.json + "}", options), same);
  expect_same_layers(load_text(R"({"epoch":3,"state_dict":{)" + dict.json + "}}", options), same);
  EXPECT_TRUE(contains(text_error("{" + dict.json + R"(,"other":[1,2]})", options),
                       "unexpected tensor 'other', F32 [2]"));
  EXPECT_TRUE(contains(text_error(R"({"a":[[1,2],[3]]})"), "tensor 'a' must be a rectangular"));
}

std::string guitarml(const JsonDict& dict, const std::string& unit, const std::string& skip) {
  return R"({"model_data":{"model":"SimpleRNN","input_size":2,"skip":)" + skip +
         R"(,"output_size":1,"unit_type":")" + unit +
         R"(","num_layers":2,"hidden_size":3,"bias_fl":true},"state_dict":{)" + dict.json + "}}";
}

TEST(Json, GuitarML) {
  for (const auto& [gates, unit] : {std::pair{4U, "LSTM"}, std::pair{3U, "GRU"}}) {
    const JsonDict dict = guitar_dict(gates);
    const Model model = load_text(guitarml(dict, unit, "0"));
    EXPECT_EQ(names_of(model), "rec.l0 rec.l1 lin");
    expect_same_layers(model, load(dict.same.bytes(), "same", {.head = "lin"}));
  }
}

TEST(Json, ASkipAddsTheInputBehindItsGain) {
  const std::string dense = layer_text("dense", 1, "[[2.0]]", "");
  const std::vector<float> x = input(1);
  std::vector<double> expected;
  for (const float value : x) expected.push_back((20.0 * value + 10.0 * value) * 10.0);
  expect_near(
      answer(load_text(rtneural(dense, R"("in_skip":1,"in_gain":20,"out_gain":20,)", 1)), x),
      expected);

  const JsonDict dict = guitar_dict(4);
  const std::vector<float> pairs = input(2);
  const std::vector<double> without = answer(load_text(guitarml(dict, "LSTM", "0")), pairs);
  std::vector<double> with;
  for (std::size_t k = 0; k < without.size(); ++k) with.push_back(without[k] + pairs[2 * k]);
  expect_near(answer(load_text(guitarml(dict, "LSTM", "1")), pairs), with);
  EXPECT_TRUE(contains(text_error(guitarml(dict, "LSTM", "2")),
                       "'skip' is 2, but the network has 2 inputs and 1 outputs"));
}

TEST(Json, WhatGuitarMLFilesMustBe) {
  const JsonDict dict = guitar_dict(4);
  EXPECT_TRUE(contains(text_error(guitarml(dict, "GRU", "0")),
                       "model_data has the unit_type 'GRU', but the tensors are those of a LSTM"));
  std::string file = guitarml(dict, "LSTM", "0");
  file.replace(file.find(R"("hidden_size":3)"), 15, R"("hidden_size":4)");
  EXPECT_TRUE(contains(text_error(file), "model_data has hidden_size 4, but the tensors have 3"));
  file.replace(file.find("SimpleRNN"), 9, "ConvNet");
  EXPECT_TRUE(contains(text_error(file), "the model 'ConvNet'; only SimpleRNN is recurrent"));
  EXPECT_EQ(
      code_of([&] { static_cast<void>(load_text(guitarml(dict, "LSTM", "0"), {.head = "lin"})); }),
      ErrorCode::invalid_argument);
}

/// The rows of a .nam's matrix are those of W_ih and W_hh side by side.
TEST(Json, NeuralAmpModeler) {
  constexpr std::size_t units = 2;
  std::vector<float> all;
  Model expected;
  std::size_t inputs = 1;
  for (const std::uint32_t seed : {1U, 2U}) {
    const Matrix both = random_matrix(4 * units, inputs + units, seed);
    const std::vector<float> rest = random_matrix(1, 4 * units + 2 * units, seed + 10)[0];
    std::vector<float> weight_ih;
    std::vector<float> weight_hh;
    for (const auto& row : both) {
      const auto middle = row.begin() + static_cast<std::ptrdiff_t>(inputs);
      all.insert(all.end(), row.begin(), row.end());
      weight_ih.insert(weight_ih.end(), row.begin(), middle);
      weight_hh.insert(weight_hh.end(), middle, row.end());
    }
    all.insert(all.end(), rest.begin(), rest.end());
    const std::span<const float> values(rest);
    ModelLayer layer{.spec = make_spec(Cell::lstm, static_cast<std::int64_t>(inputs), units)};
    layer.weights["weight_ih"] = Tensor({8, static_cast<std::int64_t>(inputs)}, weight_ih);
    layer.weights["weight_hh"] = Tensor({8, 2}, weight_hh);
    layer.weights["bias_ih"] = Tensor({8}, values.first(8));
    layer.weights["bias_hh"] = Tensor({8}, std::vector<float>(8));
    layer.weights["initial_h"] = Tensor({2}, values.subspan(8, 2));
    layer.weights["initial_c"] = Tensor({2}, values.subspan(10, 2));
    expected.layers.push_back(layer);
    inputs = units;
  }
  ModelLayer head{.spec = DenseSpec{2, 1}};
  head.weights["weight"] = Tensor({1, 2}, std::vector<float>{0.5F, -1});
  head.weights["bias"] = Tensor({1}, std::vector<float>{2});
  expected.layers.push_back(head);
  all.insert(all.end(), {0.5F, -1, 2});
  const auto nam = [](const std::string& weights, const std::string& architecture) {
    return R"({"version":"0.5.4","metadata":{},"architecture":")" + architecture +
           R"(","config":{"input_size":1,"hidden_size":2,"num_layers":2},"weights":)" + weights +
           R"(,"sample_rate":48000})";
  };
  const Model model = load_text(nam(text(all), "LSTM"));
  expect_same_layers(model, expected);
  EXPECT_EQ(model.metadata.at("sample_rate"), "48000");
  EXPECT_TRUE(contains(text_error(nam("[1,2]", "LSTM")), "weights has shape [2]; expected [83]"));
  EXPECT_TRUE(contains(text_error(nam("[1]", "WaveNet")), "of the architecture 'WaveNet'; only"));
  EXPECT_TRUE(contains(text_error(R"({"architecture":"LSTM","weights":[],"config":{}})"),
                       "config has no input_size"));
}

TEST(Json, WhatIsNoModelSaysWhatItIs) {
  EXPECT_TRUE(contains(text_error("{}"), "is JSON, but no model that Carousel knows"));
  EXPECT_TRUE(contains(text_error("[1,2]"), "is JSON, but no model that Carousel knows"));
  EXPECT_TRUE(contains(text_error(R"({"weight_map":{}})"), "is the index of a safetensors model"));
  EXPECT_TRUE(contains(text_error(R"({"class_name":"Sequential","config":{}})"),
                       "the architecture of a Keras model without its weights"));
  EXPECT_TRUE(contains(text_error("{\"a\":"), "is not complete JSON (byte 6)"));
  EXPECT_TRUE(contains(text_error("{\"a\":1,\"b\":{\"a\":2},\"a\":3}"), "the key 'a' twice"));
  EXPECT_TRUE(contains(text_error("{\"a\":[1e999]}"), "a number beyond float64"));
  EXPECT_TRUE(contains(text_error("{\"\xff\":1}"), "is not valid UTF-8 at byte 2"));
}

TEST(Json, DepthIsBounded) {
  EXPECT_TRUE(contains(text_error(std::string(1'000'000, '[')), "nested too deep"));
  std::string objects;
  for (int k = 0; k < 100'000; ++k) objects += "{\"a\":";
  EXPECT_TRUE(contains(text_error(objects), "nested too deep"));
}

TEST(Json, WhatTheCallerGaveIsRefused) {
  const std::string file = rtneural(layer_text("dense", 3, text(random_matrix(2, 3, 1))));
  EXPECT_TRUE(contains(text_error(file, {.prefix = "a."}), "this file tells all"));
  EXPECT_TRUE(contains(text_error(file, {.from = "a"}), "are for ONNX files"));
}

}  // namespace
}  // namespace carousel::testing
