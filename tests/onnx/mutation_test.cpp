// SPDX-License-Identifier: Apache-2.0
// Good files, damaged at random: loaded or refused with an Error, nothing else.
#include "fuzz/fuzz_entry.hpp"
#include "onnx/graph_builder.hpp"

#include <iostream>
#include <random>

namespace carousel::onnx_test {
namespace {

using testing::Bytes;

constexpr std::uint32_t kSeed = 20240611;
constexpr int kMutationsPerFile = 10000;

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  Bytes mutate(Bytes bytes) {
    for (std::size_t changes = below(4) + 1; changes > 0 && !bytes.empty(); --changes) {
      change(bytes);
    }
    return bytes;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  void change(Bytes& bytes) {
    const std::size_t at = below(bytes.size());
    const auto position = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto value = static_cast<std::byte>(below(256));
    switch (below(6)) {
      case 0: bytes[at] ^= static_cast<std::byte>(1U << below(8)); break;
      case 1: bytes[at] = value; break;
      case 2: bytes[at] = static_cast<std::byte>(below(4)); break;
      case 3: bytes.insert(position, value); break;
      case 4: bytes.erase(position); break;
      default: std::swap(bytes[at], bytes[below(bytes.size())]); break;
    }
  }

  std::mt19937 random_;
};

bool accepted_part(const Bytes& bytes, const LoadOptions& options) {
  try {
    validate(load(bytes, "t.onnx", options));
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Something of every kind of operator.
GraphBuilder everything() {
  GraphBuilder g(13);
  g.input("ids", {-1, -1}, schema::TensorProto::INT64).input("h0", {2, -1, 2});
  g.input("lens", {-1}, schema::TensorProto::INT32);
  g.ramp("table", {5, 3});
  g.node("Gather", {"table", "ids"}, {"e"});
  g.node("Transpose", {"e"}, {"x"}).set("perm", Sizes{1, 0, 2});
  g.node("Shape", {"x"}, {"shape"});
  g.integers("at", {}, {1});
  g.node("Gather", {"shape", "at"}, {"rows"});
  g.integers("zero", {0});
  g.node("Unsqueeze", {"rows", "zero"}, {"rows1"});
  g.integers("two", {2});
  g.node("Concat", {"two", "rows1", "two"}, {"state"}).set("axis", 0);
  g.node("ConstantOfShape", {"state"}, {"c0"});
  g.recurrent({.directions = 2}, "x", {"y", "hn", "cn"}, {"lens", "h0", "c0"})
      .set("activations", Names{"HardSigmoid", "Tanh", "Tanh", "Sigmoid", "Elu", "Tanh"})
      .set("clip", 3.0F);
  g.node("Transpose", {"y"}, {"t"}).set("perm", Sizes{0, 2, 1, 3});
  g.integers("merge", {0, 0, -1});
  g.node("Reshape", {"t", "merge"}, {"s"});
  g.ramp("w", {4, 2});
  g.node("MatMul", {"s", "w"}, {"m"});
  g.ramp("b", {2});
  g.node("Add", {"m", "b"}, {"a"});
  g.node("Softmax", {"a"}, {"out"});
  g.output("out");
  g.output("hn");
  return g;
}

void run(const Bytes& bytes, const std::function<bool(const Bytes&)>& accepted) {
  ASSERT_TRUE(accepted(bytes)) << "the file to start from must be good";
  Mutator mutator(kSeed);
  int count = 0;
  for (int k = 0; k < kMutationsPerFile; ++k) {
    if (accepted(mutator.mutate(bytes))) ++count;
  }
  std::cout << "seed " << kSeed << ": " << count << " of " << kMutationsPerFile << " accepted\n";
  EXPECT_GT(count, 0);
  EXPECT_LT(count, kMutationsPerFile * 9 / 10);
}

TEST(OnnxMutation, OneNode) { run(one_node({}).bytes(), testing::fuzz_onnx); }

TEST(OnnxMutation, Runs) { run(one_node({}).bytes(), testing::fuzz_run); }

TEST(OnnxMutation, EveryOperatorRuns) { run(everything().bytes(), testing::fuzz_run); }

TEST(OnnxMutation, EveryOperator) { run(everything().bytes(), testing::fuzz_onnx); }

TEST(OnnxMutation, PartOfAGraph) {
  run(everything().bytes(),
      [](const Bytes& bytes) { return accepted_part(bytes, {.from = "LSTM_y", .to = "s"}); });
}

}  // namespace
}  // namespace carousel::onnx_test
