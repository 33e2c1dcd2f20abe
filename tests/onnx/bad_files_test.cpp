// SPDX-License-Identifier: Apache-2.0
// Files that are damaged or made to do harm.
#include "onnx/graph_builder.hpp"

#include <chrono>

#include "core/model/formats/onnx/array.hpp"
#include "core/model/formats/onnx/work.hpp"

namespace carousel::onnx_test {
namespace {

using testing::Bytes;
using testing::contains;

std::string error_of_bytes(const Bytes& bytes) {
  return testing::error_of([&] { static_cast<void>(load(bytes, "t.onnx")); });
}

TEST(OnnxBadFile, NoMessage) {
  EXPECT_TRUE(
      contains(error_of_bytes(testing::to_bytes("garbage")), "t.onnx: is not an ONNX file"));
  EXPECT_TRUE(contains(error_of_bytes({}), "is not an ONNX file: it has no graph"));
  const Bytes other = testing::recurrent_dict({}).bytes();
  EXPECT_TRUE(contains(error_of_bytes(other), "is not an ONNX file"));
}

TEST(OnnxBadFile, TruncatedAnywhere) {
  const Bytes whole = one_node({}).bytes();
  int accepted = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    if (error_of_bytes(part) == "(no error)") ++accepted;
  }
  EXPECT_EQ(accepted, 0);
}

TEST(OnnxBadFile, OperatorSet) {
  EXPECT_TRUE(contains(GraphBuilder(5).error(), "uses operator set 5; 6 or newer is needed"));
  GraphBuilder none;
  none.model().clear_opset_import();
  EXPECT_TRUE(contains(none.error(), "imports no operator set of the domain 'ai.onnx'"));
  GraphBuilder foreign = one_node({});
  foreign.model().mutable_opset_import(0)->set_domain("com.example");
  EXPECT_TRUE(contains(foreign.error(), "imports no operator set"));
}

TEST(OnnxBadFile, NestingBomb) {
  GraphBuilder g = one_node({});
  schema::NodeProto* node = g.graph().add_node();
  for (int depth = 0; depth < 40; ++depth) {
    node->set_op_type("If");
    node = node->add_attribute()->mutable_g()->add_node();
  }
  EXPECT_TRUE(contains(g.error(), "nested more than 64 deep"));
}

TEST(OnnxBadFile, CycleDuplicatesAndMissingValues) {
  GraphBuilder cycle;
  cycle.node("Identity", {"b"}, {"a"});
  cycle.node("Identity", {"a"}, {"b"});
  cycle.output("b");
  EXPECT_TRUE(contains(cycle.error(),
                       "node 'Identity_a' (Identity) reads 'b', which nothing before "
                       "it defines (a cycle, or a missing node)"));
  GraphBuilder twice = one_node({});
  twice.node("Identity", {"x"}, {"y"});
  EXPECT_TRUE(contains(twice.error(), "node 'Identity_y' (Identity) defines 'y' a second time"));
  GraphBuilder shadow = one_node({});
  shadow.node("Identity", {"y"}, {"x"});
  EXPECT_TRUE(contains(shadow.error(), "defines 'x' a second time"));
  GraphBuilder initializer = one_node({});
  initializer.ramp("y_W", {1});
  EXPECT_TRUE(contains(initializer.error(), "initializer 'y_W' is there twice"));
  GraphBuilder input = one_node({});
  input.input("x", {1});
  EXPECT_TRUE(contains(input.error(), "input 'x' is there twice"));
  GraphBuilder output = one_node({});
  output.output("nothing");
  EXPECT_TRUE(contains(output.error(), "output 'nothing' is computed by no node"));
}

TEST(OnnxBadFile, SizesThatOverflow) {
  const std::int64_t huge = std::int64_t{1} << 62U;
  const std::vector<std::pair<Sizes, const char*>> cases{
      {{huge, huge, 3}, "has too many elements"},
      {{1, -8, 3}, "has a negative size"},
      {{1, std::int64_t{1} << 40U, 3}, "but 24 are there"},
      {{std::int64_t{1} << 60U, 4, 2}, "has too many elements"},
  };
  for (const auto& [dims, message] : cases) {
    GraphBuilder g = one_node({});
    schema::TensorProto& w = *g.graph().mutable_initializer(0);
    w.clear_dims();
    for (const std::int64_t size : dims) w.add_dims(size);
    EXPECT_TRUE(contains(g.error(), message));
  }
}

TEST(OnnxBadFile, RawDataOfTheWrongSize) {
  GraphBuilder g = one_node({});
  g.graph().mutable_initializer(0)->set_raw_data(std::string(95, 'x'));
  EXPECT_TRUE(contains(g.error(), "which needs 24 values, but 23 are there"));
  g.graph().mutable_initializer(0)->set_raw_data(std::string(97, 'x'));
  EXPECT_TRUE(contains(g.error(), "which needs 96 bytes, but 97 are there"));
}

TEST(OnnxBadFile, ASparseTensor) {
  GraphBuilder g = one_node({});
  g.graph().add_sparse_initializer()->mutable_values()->set_name("sparse");
  g.graph().mutable_node(0)->set_input(1, "sparse");
  EXPECT_TRUE(contains(g.error(), "reads the sparse tensor 'sparse'"));
}

TEST(OnnxBadFile, TooManyNodes) {
  GraphBuilder g = one_node({});
  for (int k = 0; k < (1 << 18); ++k) g.graph().add_node();
  EXPECT_TRUE(contains(g.error(), "has 262145 nodes; at most 262144 are read"));
}

/// Constants that double at every node, into the terabytes.
TEST(OnnxBadFile, ConstantBomb) {
  for (const char* op : {"Concat", "Tile", "Expand"}) {
    GraphBuilder g;
    g.input("x", {-1, -1, 3});
    g.ramp("c0", {1, 1024});
    for (int k = 0; k < 40; ++k) {
      const std::string from = "c" + std::to_string(k);
      const std::string to = "c" + std::to_string(k + 1);
      const std::string by = to + "_by";
      if (std::string(op) == "Concat") {
        g.node(op, {from, from}, {to}).set("axis", 0);
      } else {
        const std::int64_t grow = std::string(op) == "Tile" ? 2 : std::int64_t{1} << k;
        g.integers(by, {grow, std::string(op) == "Tile" ? 1 : 1024});
        g.node(op, {std::string(op) == "Tile" ? from : "c0", by}, {to});
      }
    }
    g.node("LSTM", {"x", "c40", "c40"}, {"y"});
    g.output("y");
    const auto start = std::chrono::steady_clock::now();
    const std::string error = g.error();
    EXPECT_NE(error, "(no error)");
    // What Expand repeats is never made.
    EXPECT_TRUE(contains(error, error.find("too large") != error.npos ? "which is too large"
                                : std::string(op) == "Expand"
                                    ? "its input W is not a constant"
                                    : "would take far more memory than the file has bytes"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60)) << op;
  }
}

/// A small file that reads a large constant many times, makes it anew or multiplies it: the work is
/// counted, and refused by the node that goes beyond what is allowed.
TEST(OnnxBadFile, ManyOperatorsOnALargeConstant) {
  for (const std::string op : {"ReduceMax", "ReduceL2", "Slice", "Gather", "MatMul"}) {
    GraphBuilder g;
    g.input("x", {-1, -1, 3});
    g.floats("one", {1, 1}, {1.0F});
    g.integers("row", {1, 1'000'000});
    g.integers("column", {1'000'000, 1});
    g.integers("zero", {0});
    g.integers("end", {1});
    g.node("Tile", {"one", "row"}, {"wide"});
    g.node("Reshape", {"wide", "column"}, {"high"});
    std::string sum = "one";
    for (int k = 0; k < 600; ++k) {
      const std::string part = "p" + std::to_string(k);
      Names inputs{"wide"};
      if (op == "Slice") inputs = {"wide", "zero", "end", "end"};
      if (op == "Gather") inputs = {"wide", "zero"};
      if (op == "MatMul") inputs = {"wide", "high"};
      NodeBuilder node = g.node(op, inputs, {part});
      if (op == "Gather") node.set("axis", 1);
      g.node("Add", {sum, part}, {"s" + std::to_string(k)});
      sum = "s" + std::to_string(k);
    }
    g.node("Mul", {"x", sum}, {"y"});
    g.output("y");
    const std::string error = g.error();
    EXPECT_TRUE(contains(error, "node '" + op + "_p")) << error;
    EXPECT_TRUE(contains(error, "(" + op + "): ")) << error;
    EXPECT_TRUE(contains(error, " constants, which takes ")) << error;
    EXPECT_TRUE(contains(error, " bytes of files may take, ")) << error;
  }
}

TEST(OnnxBadFile, WorkIsAllowedByTheSizesOfFiles) {
  loading::onnx::Work small(0);
  loading::onnx::Work large(std::size_t{1} << 30U);
  const std::size_t work = std::size_t{1} << 33U;
  EXPECT_THROW(small.take(work, "reads constants"), loading::onnx::Refusal);
  EXPECT_NO_THROW(large.take(work, "reads constants"));
  // A file beside the model counts once.
  small.allow_file("w.bin", std::size_t{1} << 28U);
  small.allow_file("w.bin", std::size_t{1} << 28U);
  EXPECT_NO_THROW(small.take(work, "reads constants"));
  EXPECT_THROW(small.take(work, "reads constants"), loading::onnx::Refusal);
}

/// Layers that share one matrix: each would be a copy.
TEST(OnnxBadFile, SharedWeightBomb) {
  GraphBuilder g;
  g.input("x", {-1, -1, 256});
  constexpr std::size_t kCount = std::size_t{4} * 256 * 256;
  g.floats("w", {1, 1024, 256}, std::vector<float>(kCount, 0.5F));
  std::string from = "x";
  g.integers("one", {1});
  for (int k = 0; k < 400; ++k) {
    const std::string y = "y" + std::to_string(k);
    g.node("LSTM", {from, "w", "w"}, {y});
    g.node("Squeeze", {y, "one"}, {y + "s"});
    from = y + "s";
  }
  g.output(from);
  EXPECT_TRUE(contains(g.error(), "would take far more memory than the file has bytes"));
}

TEST(OnnxBadFile, LongChainsOfSizes) {
  GraphBuilder g;
  g.input("x", {-1, -1, 3});
  g.node("Shape", {"x"}, {"s0"});
  for (int k = 0; k < 60; ++k) {
    const std::string from = "s" + std::to_string(k);
    const std::string to = "s" + std::to_string(k + 1);
    if (k % 2 == 0) {
      g.node("Concat", {from, from}, {to}).set("axis", 0);
    } else {
      g.node("Mul", {from, from}, {to});
    }
  }
  g.node("Expand", {"x", "s60"}, {"e"});
  g.recurrent({}, "e", {"y"});
  g.output("y");
  EXPECT_TRUE(contains(g.error(), "sizes at once"));
}

}  // namespace
}  // namespace carousel::onnx_test
