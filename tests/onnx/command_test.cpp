// SPDX-License-Identifier: Apache-2.0
// The `carousel` command with ONNX files wherever it takes a MODEL.
#include "cli/command_runner.hpp"
#include "onnx/graph_builder.hpp"

#include <carousel/carousel.hpp>
#include <carousel/npy.hpp>

#include <nlohmann/json.hpp>

namespace carousel::onnx_test {
namespace {

using cli_test::CommandResult;
using testing::contains;

class OnnxCommand : public ::testing::Test {
 protected:
  /// x -> LSTM -> Sigmoid -> LSTM's outputs through an operator that no network has.
  OnnxCommand() {
    GraphBuilder g;
    g.input("x", {-1, -1, 3});
    g.recurrent({}, "x", {"y"});
    g.integers("one", {1});
    g.node("Squeeze", {"y", "one"}, {"s"});
    g.node("Sigmoid", {"s"}, {"p"});
    g.output("p");
    testing::write_bytes(good_, g.bytes());
    g.node("Foo", {"p"}, {"e"});
    g.graph().clear_output();
    g.output("e");
    testing::write_bytes(larger_, g.bytes());
    write_npy(input_, std::vector<std::int64_t>{5, 2, 3}, testing::ramp(30, -7.0F));
  }

  [[nodiscard]] CommandResult run(const std::string& model, const std::string& output,
                                  std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"run", model, "--input", input_, "--output", output});
    return cli_test::carousel(more);
  }

  cli_test::TemporaryFolder folder_;
  std::string good_ = folder_.file("good.onnx");
  std::string larger_ = folder_.file("larger.ONNX");
  std::string input_ = folder_.file("x.npy");
};

TEST_F(OnnxCommand, Inspect) {
  const CommandResult result = cli_test::carousel({"inspect", good_, "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  ASSERT_EQ(result.json()["layers"].size(), 2U);
  EXPECT_EQ(result.json()["layers"][0]["kind"].get<std::string>(), "recurrent");
  EXPECT_EQ(result.json()["layers"][1]["kind"].get<std::string>(), "activation");
  EXPECT_EQ(result.json()["inputs"][0]["name"].get<std::string>(), "x");
  const CommandResult text = cli_test::carousel({"inspect", good_});
  EXPECT_TRUE(contains(text.out, "Sigmoid of 2"));
}

TEST_F(OnnxCommand, ConvertNamesTheFileThatItCannotWrite) {
  GraphBuilder g = one_node({});
  auto& entry = *g.model().add_metadata_props();
  entry.set_key("author");
  entry.set_value("\xC3");
  const std::string model = folder_.file("bytes.onnx");
  testing::write_bytes(model, g.bytes());
  for (const char* name : {"out.onnx", "out.safetensors"}) {
    const std::string output = folder_.file(name);
    const CommandResult result = cli_test::carousel({"convert", model, output});
    EXPECT_NE(result.code, 0);
    EXPECT_TRUE(contains(result.err, output + ": cannot be saved")) << result.err;
    EXPECT_TRUE(contains(result.err, "is not valid UTF-8")) << result.err;
  }
}

TEST_F(OnnxCommand, RunIsTheSameAsTheLibrary) {
  const std::string output = folder_.file("y.npy");
  ASSERT_EQ(run(good_, output, {"--backend", "scalar"}).code, 0);
  const NpyArray found = read_npy(output);
  EXPECT_EQ(found.shape, (std::vector<std::int64_t>{5, 2, 2}));
  const Network network = prepare(load(good_), {.backend = "scalar"});
  Stream stream = network.stream({.batch = 2});
  const std::vector<float> x = testing::ramp(30, -7.0F);
  std::vector<float> y(20);
  ASSERT_TRUE(static_cast<bool>(
      stream.run(steps_first(x.data(), 5, 2, 3), steps_first(y.data(), 5, 2, 2))));
  EXPECT_EQ(found.floats("y"), y);
}

TEST_F(OnnxCommand, CheckAgreesOnEveryBackend) {
  const CommandResult result = cli_test::carousel({"check", good_, "--steps", "9"});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
}

TEST_F(OnnxCommand, FromAndToTakeAPart) {
  const CommandResult whole = cli_test::carousel({"inspect", larger_});
  EXPECT_EQ(whole.code, 2);
  EXPECT_TRUE(contains(whole.err, "node 'Foo_e' (Foo): this operator is not supported"));
  EXPECT_TRUE(contains(whole.err, "; a part that can be taken is --to "));
  const CommandResult part =
      cli_test::carousel({"inspect", larger_, "--from", "LSTM_y", "--to", "Sigmoid_p", "--json"});
  ASSERT_EQ(part.code, 0) << part.err;
  EXPECT_EQ(part.json()["layers"].back()["kind"].get<std::string>(), "activation");
  const CommandResult wrong = cli_test::carousel({"inspect", good_, "--prefix", "lstm."});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_TRUE(contains(wrong.err, "of ONNX files, from and to"));
}

TEST_F(OnnxCommand, ConvertThereAndBack) {
  const std::string plain = folder_.file("plain.safetensors");
  const std::string again = folder_.file("plain.onnx");
  const CommandResult result = cli_test::carousel({"convert", good_, plain});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(
      contains(result.err, plain + ": 56 parameters in 2 layers: LSTM 3 -> 2; Sigmoid of 2"));
  ASSERT_EQ(cli_test::carousel({"convert", plain, "--to", "onnx"}).code, 0);
  ASSERT_EQ(cli_test::carousel({"convert", again, folder_.file("b"), "--to", "safetensors"}).code,
            0);
  EXPECT_EQ(testing::read_bytes(folder_.file("b")), testing::read_bytes(plain));
  std::vector<testing::Bytes> outputs;
  for (const std::string& model : {good_, plain, again}) {
    const std::string output = folder_.file("y.npy");
    ASSERT_EQ(run(model, output, {"--backend", "scalar"}).code, 0);
    outputs.push_back(testing::read_bytes(output));
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_EQ(outputs[0], outputs[2]);
}

TEST_F(OnnxCommand, ConvertTakesPartsAndOptions) {
  const std::string part = folder_.file("part.onnx");
  const CommandResult result = cli_test::carousel(
      {"convert", larger_, part, "--from", "LSTM_y", "--to", "LSTM_y", "--states", "--lengths"});
  ASSERT_EQ(result.code, 0) << result.err;
  const Model model = load(part);
  EXPECT_EQ(model.layers.size(), 1U);
  schema::ModelProto proto;
  const testing::Bytes bytes = testing::read_bytes(part);
  ASSERT_TRUE(proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  EXPECT_EQ(proto.graph().input_size(), 4);
}

TEST_F(OnnxCommand, ConvertRefusesUnclearTargets) {
  const auto error = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"convert", good_});
    const CommandResult result = cli_test::carousel(arguments);
    EXPECT_EQ(result.code, 2);
    return result.err;
  };
  EXPECT_TRUE(contains(error({}), "give OUTPUT, or --to onnx or --to safetensors"));
  EXPECT_TRUE(contains(error({"--to", "onnx"}), "is the input; give OUTPUT another name"));
  EXPECT_TRUE(contains(error({folder_.file("y.bin")}), "its name does not say the format"));
  EXPECT_TRUE(contains(error({folder_.file("y.onnx"), "--to", "safetensors"}),
                       "its name contradicts --to safetensors"));
  EXPECT_TRUE(
      contains(error({folder_.file("y.safetensors"), "--states"}), "are inputs of an ONNX graph"));
}

}  // namespace
}  // namespace carousel::onnx_test
